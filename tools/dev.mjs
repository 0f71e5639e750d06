// Compiles on every change and restarts the service.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('../', import.meta.url));
spawn(process.execPath, ['tools/bootstrap.mjs', 'build'], { cwd, stdio: 'inherit' }).once('exit', (code) => {
  if (code !== 0) process.exit(code ?? 1);
  const children = [
    spawn(process.execPath, ['node_modules/typescript/bin/tsc', '-b', '--watch', '--preserveWatchOutput'], { cwd, stdio: 'inherit' }),
    spawn(process.execPath, ['--watch', 'apps/api/dist/main.js'], { cwd, stdio: 'inherit' }),
  ];
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => children.forEach((child) => child.kill(signal)));
});

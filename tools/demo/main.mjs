// A service of its own in a temporary home, and providers beside it that are not real: to try what costs money or a domain elsewhere.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findService } from '@supervisor/client';
import { homeAt } from '@supervisor/core/home';
import { freePort } from '../free-port.mjs';
import { cloudflareDemo } from './cloudflare.mjs';
import { gcloudDemo } from './gcloud.mjs';

const parts = [cloudflareDemo, gcloudDemo];
const checkout = fileURLToPath(new URL('../../', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'supervisor-demo-'));
const home = homeAt(join(folder, 'home'));
const work = join(folder, 'shop');
mkdirSync(work);
writeFileSync(join(work, '.supervisor.json'), '{ "project": "shop" }\n');
const service = spawn(process.execPath, [join(checkout, 'apps/api/dist/main.js')], {
  cwd: work,
  env: { PATH: process.env.PATH, HOME: folder, SUPERVISOR_HOME: home.directory, SUPERVISOR_PORT: String(await freePort()) },
  stdio: ['ignore', 'ignore', 'inherit'],
});

const started = [];
let ending = false;
async function end(code) {
  if (ending) return;
  ending = true;
  service.kill('SIGTERM');
  for (const part of started) await part.close();
  for (let tries = 0; service.exitCode === null && service.signalCode === null && tries < 100; tries++) await sleep(50);
  service.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(0));
service.once('exit', () => void end(1));

const rpc = await connect();
await rpc.request('hello', { role: 'owner', project: 'shop' });
const call = (operation, input) => rpc.request('call', { operation, input });
const lines = [];
for (const part of parts) {
  const running = await part({ call });
  started.push(running);
  lines.push('', ...running.lines);
}
console.log(
  [
    'A service and what it works with are up, with nothing real behind them. Ctrl-C ends and removes all of it.',
    'In another terminal:',
    '',
    `export SUPERVISOR_HOME=${home.directory}`,
    `cd ${work}`,
    `supervisor() { ${home.command} "$@"; }`,
    ...lines,
    '',
  ].join('\n'),
);

async function connect() {
  for (let tries = 0; tries < 1200; tries++) {
    const found = await findService(home);
    if (found) return found;
    await sleep(50);
  }
  throw new Error('The service did not start.');
}

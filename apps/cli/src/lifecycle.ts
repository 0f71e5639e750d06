import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureService, findService, readServiceNote, type Program } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import type { Home } from '@supervisor/core/home';

/** How this checkout starts its service. */
export const program: Program = [process.execPath, fileURLToPath(new URL('../../api/dist/main.js', import.meta.url))];

const stopMilliseconds = 15_000;

export async function start(home: Home): Promise<void> {
  rmSync(home.stopped, { force: true });
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  const rpc = await ensureService(home, program, { withEnvironment: true });
  rpc.close();
  const note = readServiceNote(home);
  console.log(`Supervisor runs (pid ${note?.pid ?? 'unknown'}), ${note?.url ?? 'without HTTP'}.`);
}

export async function stop(home: Home): Promise<void> {
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  writeFileSync(home.stopped, '', { mode: 0o600 });
  const rpc = await findService(home);
  if (!rpc) return console.log('Supervisor was not running. It stays stopped until supervisor start.');
  await rpc.request('hello', { role: 'owner' });
  await rpc.request('shutdown', {}).catch(() => {});
  rpc.close();
  const deadline = Date.now() + stopMilliseconds;
  // service.json goes last.
  while (existsSync(home.service)) {
    if (Date.now() > deadline)
      throw new SupervisorError('unavailable', `The service (pid ${readServiceNote(home)?.pid}) is still ending. Look again in a moment.`);
    await sleep(50);
  }
  console.log('Supervisor is stopped, and stays so until supervisor start.');
}

const shownBytes = 16 * 1024;

/** Shows the end of the service's log; with `follow`, what comes until Ctrl-C. */
export async function logs(home: Home, follow: boolean): Promise<void> {
  const path = join(home.logs, 'service.log');
  if (!existsSync(path)) throw new SupervisorError('not_found', `There is no log in ${home.logs} yet.`);
  const file = openSync(path, 'r');
  let position = Math.max(0, fstatSync(file).size - shownBytes);
  for (;;) {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.max(0, size - position));
    position += readSync(file, buffer, 0, buffer.length, position);
    process.stdout.write(buffer);
    if (!follow) return closeSync(file);
    await sleep(500);
  }
}

/** Runs the MCP server in place of this process. */
export function mcp(words: string[]): void {
  const main = fileURLToPath(new URL('../../mcp-server/dist/main.js', import.meta.url));
  const { spawn } = process.getBuiltinModule('node:child_process');
  spawn(process.execPath, [main, ...words], { stdio: 'inherit' }).once('exit', (code) => process.exit(code ?? 1));
}

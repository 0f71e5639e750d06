import { mkdirSync, writeFileSync } from 'node:fs';
import { findService, readServiceNote, serviceGone } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor stop

Stops the service once its running calls are done. It stays stopped, also for agents, until supervisor start or npm start.

Example: supervisor stop
`;

export async function run(words: string[], { home }: Caller): Promise<void> {
  parseFlags(words, {});
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  writeFileSync(home.stopped, '', { mode: 0o600 });
  const rpc = await findService(home);
  const silent = rpc ? undefined : readServiceNote(home)?.pid;
  if (silent !== undefined && isAlive(silent))
    throw new SupervisorError('unavailable', `Process ${silent} serves this home and does not answer. End it: kill ${silent}`);
  if (!rpc) return console.log('Supervisor was not running. It stays stopped until supervisor start.');
  const note = readServiceNote(home);
  await rpc.request('hello', { role: 'owner' });
  await rpc.request('shutdown', {}).catch(() => {});
  rpc.close();
  if (note) await serviceGone(home, note.pid);
  console.log('Supervisor is stopped, and stays so until supervisor start.');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findService, readServiceNote } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor stop

Stops the service once its running calls are done. It stays stopped, also for agents, until supervisor start or npm start.

Example: supervisor stop
`;

const stopMilliseconds = 15_000;

export async function run(words: string[], { home }: Caller): Promise<void> {
  parseFlags(words, {});
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

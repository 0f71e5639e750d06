import { mkdirSync, rmSync } from 'node:fs';
import { ensureService, findService, readServiceNote } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';
import { program } from '../program.js';

export const usage = `Usage: supervisor start [--reconfigure]

Starts the service in the background, also after supervisor stop. It takes its first settings from this environment.

  --reconfigure  let the database, key and address set now replace those of the first start

Example: supervisor start
`;

export async function run(words: string[], { home }: Caller): Promise<void> {
  const { reconfigure } = parseFlags(words, { reconfigure: { type: 'boolean' } }).values;
  const runs = reconfigure ? await findService(home) : null;
  if (runs) {
    runs.close();
    throw new SupervisorError('conflict', 'Supervisor runs with the settings of before. End it (supervisor stop), then start it again so.');
  }
  rmSync(home.stopped, { force: true });
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  if (process.stderr.isTTY) process.stderr.write('Starting …\n');
  const rpc = await ensureService(home, program, { withEnvironment: true, reconfigure: reconfigure === true });
  rpc.close();
  const note = readServiceNote(home);
  if (note?.problem) process.stderr.write(`${note.problem}\n`);
  console.log(`Supervisor runs (pid ${note?.pid ?? 'unknown'}), ${note?.url ?? 'without HTTP'}.`);
}

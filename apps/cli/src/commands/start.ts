import { mkdirSync, rmSync } from 'node:fs';
import { ensureService, readServiceNote } from '@supervisor/client';
import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';
import { program } from '../program.js';

export const usage = `Usage: supervisor start

Starts the service in the background, also after supervisor stop. It takes its first settings from this environment.

Example: supervisor start
`;

export async function run(words: string[], { home }: Caller): Promise<void> {
  parseFlags(words, {});
  rmSync(home.stopped, { force: true });
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  if (process.stderr.isTTY) process.stderr.write('Starting …\n');
  const rpc = await ensureService(home, program, { withEnvironment: true });
  rpc.close();
  const note = readServiceNote(home);
  if (note?.problem) process.stderr.write(`${note.problem}\n`);
  console.log(`Supervisor runs (pid ${note?.pid ?? 'unknown'}), ${note?.url ?? 'without HTTP'}.`);
}

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor logs [--follow]

Shows the end of the service's log, JSON a line.

  --follow, -f  go on with what comes, until Ctrl-C

Example: supervisor logs --follow
`;

const shownBytes = 16 * 1024;

export async function run(words: string[], { home }: Caller): Promise<void> {
  const { follow } = parseFlags(words, { follow: { type: 'boolean', short: 'f' } }).values;
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

import { followLog } from '@supervisor/client';
import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor logs [--follow]

Shows the end of the service's log, JSON a line.

  --follow, -f  go on with what comes, until Ctrl-C

Example: supervisor logs --follow
`;

export async function run(words: string[], { home }: Caller): Promise<void> {
  const { follow } = parseFlags(words, { follow: { type: 'boolean', short: 'f' } }).values;
  await followLog(
    home,
    (text) => process.stdout.write(text),
    () => follow === true,
  );
}

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';

export const usage = `Usage: supervisor backup [FILE] [--json]

Writes all that is stored, as of this moment, to one new file: FILE, else one in the backups of the home. Secrets stay sealed in it:
keep a copy of the key elsewhere too. Supervisor also makes backups by itself: supervisor backups list shows all of them.

Example: supervisor backup ~/supervisor-backup.jsonl.gz
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { json: { type: 'boolean' } }, 1);
  const [file] = positionals;
  if (file !== undefined && !existsSync(dirname(resolve(file)))) throw new UsageError(`There is no folder ${dirname(resolve(file))}.`);
  const made = await caller.call(caller.findOperation(['backups', 'create'])!, file === undefined ? {} : { file: resolve(file) });
  if (values.json) return console.log(JSON.stringify(made));
  console.log(`${made.file}: ${made.rows} rows, ${made.bytes} bytes. It is worth nothing without the key: keep a copy of that elsewhere.`);
}

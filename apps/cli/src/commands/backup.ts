import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Session } from '@supervisor/client';
import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';
import { program } from '../program.js';
import { showProgress } from '../progress.js';

export const usage = `Usage: supervisor backup [FILE] [--json]

Writes all that is stored, as of this moment, to one new file: FILE, else one in the backups of the home. Secrets stay sealed in it:
keep a copy of the key elsewhere too. Supervisor also makes backups by itself: supervisor backups list shows all of them.

Example: supervisor backup ~/supervisor-backup.jsonl.gz
`;

export async function run(words: string[], { home }: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { json: { type: 'boolean' } }, 1);
  const [file] = positionals;
  if (file !== undefined && !existsSync(dirname(resolve(file)))) throw new UsageError(`There is no folder ${dirname(resolve(file))}.`);
  const progress = showProgress('Writing rows');
  const session = new Session({
    home,
    program,
    hello: { role: 'owner' },
    onNotification: (_method, params) => progress.show(Number(params['progress']), Number(params['total'])),
  });
  try {
    const params = { operation: 'create_backup', input: file === undefined ? {} : { file: resolve(file) }, _meta: { progressToken: 1 } };
    const made = (await session.request('call', params, { repeat: 'never' })) as { file: string; rows: number; bytes: number };
    progress.clear();
    if (values.json) console.log(JSON.stringify(made));
    else
      console.log(
        `${made.file}: ${made.rows} rows, ${made.bytes} bytes. It is worth nothing without the key: keep a copy of that elsewhere.`,
      );
  } finally {
    progress.clear();
    await session.close();
  }
}

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';

export const usage = `Usage: supervisor keys check FILE [--json]

Says which keys the backup FILE needs, by their fingerprints, and whether this home has them, or ENCRYPTION_KEY and ENCRYPTION_KEY_READ
here or in .env do. Exit code 1 when one is missing. Opens no database, and needs no service.

Example: supervisor keys check ~/supervisor-backup.jsonl.gz
`;

// Relative to dist, where the build puts all of this app.
const checkout = fileURLToPath(new URL('../../../', import.meta.url));

export async function run(words: string[], { home }: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { json: { type: 'boolean' } }, 1);
  const [name] = positionals;
  if (name === undefined) throw new UsageError('Missing: FILE');
  // Loaded only here, and not bundled: it brings both databases.
  const { checkKeys } = await import('@supervisor/supervisor/restore');
  const check = await checkKeys(home, checkout, resolve(name));
  if (check.keys.some(({ here }) => !here)) process.exitCode = 1;
  if (values.json) return console.log(JSON.stringify(check));
  console.log(`A backup of ${check.createdAt} by Supervisor ${check.version}.`);
  if (check.keys.length === 0) console.log('It needs no key.');
  for (const { id, here } of check.keys)
    console.log(
      here
        ? `The key ${id} is here.`
        : `The key ${id} is missing: set it in ENCRYPTION_KEY, or in ENCRYPTION_KEY_READ beside another, before you restore.`,
    );
}

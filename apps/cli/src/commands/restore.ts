import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';
import { showProgress } from '../progress.js';
import { confirm, readHidden } from '../prompt.js';
import { run as stop } from './stop.js';

export const usage = `Usage: supervisor restore FILE [--to embedded|URL]

Makes this home what it was when the backup FILE was made: stops the service, fills a new database, and puts it in the place of the old
one, which is kept under a dated name. For a person on a terminal. The keys that the backup names must be this home's, retired
ones too, or set in ENCRYPTION_KEY or ENCRYPTION_KEY_READ; supervisor keys check FILE tells.

  --to URL       into this empty PostgreSQL database from now on; the password is asked for, or taken from DATABASE_URL in .env
  --to embedded  into the embedded database from now on; left out: into the database that the home uses, which must be
                 empty when it is PostgreSQL

Example: supervisor restore ~/supervisor-backup.jsonl.gz --to postgresql://me@localhost:5432/supervisor
`;

// Relative to dist, where the build puts all of this app.
const checkout = fileURLToPath(new URL('../../../', import.meta.url));

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { to: { type: 'string' } }, 1);
  const [name] = positionals;
  if (name === undefined) throw new UsageError('Missing: FILE');
  const file = resolve(name);
  process.umask(0o077);
  const { home } = caller;
  // Loaded only here, and not bundled: it brings both databases.
  const { planRestore } = await import('@supervisor/supervisor/restore');
  const { header, database, run } = await planRestore({
    home,
    checkout,
    file,
    to: values.to as string | undefined,
    askPassword: (user) => readHidden(`Password of ${user}, empty for none`),
  });
  const count = header.tables.reduce((sum, { rows }) => sum + rows, 0);
  console.log(`A backup of ${header.createdAt} by Supervisor ${header.version}: ${count} rows, into the database ${database}.`);
  await confirm(`${home.directory} becomes what it was then; what it has now is no longer used. Go on?`);
  await stop([], caller);
  const progress = showProgress();
  const { kept, todo } = await run((done, total) => progress.show(`${done} of ${total} rows restored`)).finally(progress.clear);
  console.log(`Restored ${count} rows into the database ${database}.`);
  if (kept) console.log(`The data before is kept in ${kept}; remove it when all is well.`);
  for (const line of todo) console.log(line);
  console.log('Start it: supervisor start');
}

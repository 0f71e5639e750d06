// The places where a value could have been left.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openDatabase, rows } from '@supervisor/db';
import { sql } from 'drizzle-orm';

/** The arguments of every process of the machine. */
export function argvOfAll() {
  return execFileSync('ps', ['-eww', '-o', 'args='], { encoding: 'utf8', maxBuffer: 1 << 26 });
}

/** Empty where there is no /proc. */
export function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

export async function metrics(home) {
  const answer = await fetch(`${home.url}/metrics`, { headers: { authorization: `Bearer ${home.token()}` } });
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
  return answer.text();
}

/** Every file of a home but those of the database; backups unpacked. */
export function filesOf(home) {
  return readdirSync(home.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(`${home.data}/`))
    .map((file) => {
      const bytes = readFileSync(file);
      return { file: relative(home.directory, file), text: (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString() };
    });
}

/** Each table of a database as text, all columns of all rows. */
export async function databaseText(target) {
  const database = await openDatabase(target);
  try {
    const tables = await rows(
      database.orm,
      sql`select schemaname || '.' || tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const texts = [];
    for (const { name } of tables) {
      const lines = await rows(database.orm, sql`select t::text as line from ${sql.raw(name)} t`);
      texts.push({ table: name, text: lines.map(({ line }) => line).join('\n') });
    }
    return texts;
  } finally {
    await database.close();
  }
}

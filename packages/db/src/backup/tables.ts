import { sql } from 'drizzle-orm';
import { rows, type Orm } from '../database.js';
import type { Sequence } from './format.js';

/** A table of the schema, as far as its rows need it. */
export interface Table {
  name: string;
  /** Those that hold something of their own: a generated column is computed again. */
  columns: { name: string; type: string }[];
}

/** Every table of the schema but the journal of migrations, whatever module made it; empty when there is no schema. */
export async function tablesOf(orm: Orm): Promise<Table[]> {
  const found = await rows<{ table: string; column: string; type: string }>(
    orm,
    sql`select t.relname as "table", c.attname as "column", format_type(c.atttypid, c.atttypmod) as "type"
      from pg_class t join pg_attribute c on c.attrelid = t.oid
      where t.relnamespace = to_regnamespace('supervisor') and t.relkind in ('r', 'p') and not t.relispartition and t.relname <> 'migrations'
        and c.attnum > 0 and not c.attisdropped and c.attgenerated = ''
      order by t.relname, c.attnum`,
  );
  const tables = new Map<string, Table>();
  for (const { table, column, type } of found) {
    if (!tables.has(table)) tables.set(table, { name: table, columns: [] });
    tables.get(table)!.columns.push({ name: column, type });
  }
  return [...tables.values()];
}

/** Where each sequence stands: those of identity columns, and any other. */
export async function sequencesOf(orm: Orm): Promise<Sequence[]> {
  const names = await rows<{ name: string }>(
    orm,
    sql`select relname as name from pg_class where relnamespace = to_regnamespace('supervisor') and relkind = 'S' order by relname`,
  );
  const sequences: Sequence[] = [];
  for (const { name } of names) {
    const [state] = await rows<Omit<Sequence, 'name'>>(
      orm,
      sql`select last_value::text as value, is_called as called from ${qualified(name)}`,
    );
    sequences.push({ name, ...state! });
  }
  return sequences;
}

export function qualified(name: string) {
  return sql`${sql.identifier('supervisor')}.${sql.identifier(name)}`;
}

// Text that reads back as exactly the same value, whatever the server's settings are. Only for this transaction.
const exactText = [
  "timezone = 'UTC'",
  "datestyle = 'ISO, YMD'",
  "intervalstyle = 'postgres'",
  "bytea_output = 'hex'",
  'extra_float_digits = 1',
];

export async function useExactText(orm: Orm): Promise<void> {
  for (const setting of exactText) await orm.execute(sql.raw(`set local ${setting}`));
}

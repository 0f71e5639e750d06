import { SupervisorError } from '@supervisor/core';
import { sql } from 'drizzle-orm';
import { rows, type Database, type Orm } from '../database.js';
import { databaseErrorCode } from '../failure.js';
import { lockMigrations, markReady, migrateWithin, pendingMigrations, type MigratedModule } from '../migrate.js';
import { checkBackup, damaged, linesOf, sequence, type BackupHeader, type Sequence } from './format.js';
import { qualified, tablesOf, useExactText, type Table } from './tables.js';

export interface RestoreOptions {
  progress?: ((rows: number, total: number) => void) | undefined;
}

/**
 * Fills an empty database from a backup, all or nothing: tables as they were when it was made, its rows, then the migrations since.
 * @throws SupervisorError `conflict` when the database has tables of Supervisor or the backup is of a newer build,
 * `invalid_input` when the file is damaged. Nothing is changed then.
 */
export async function restoreBackup(
  database: Database,
  file: string,
  modules: readonly MigratedModule[],
  { progress }: RestoreOptions = {},
): Promise<BackupHeader> {
  const header = await checkBackup(file);
  await refuseNewer(header, modules);
  await database.orm
    .transaction(async (orm) => {
      await lockMigrations(orm);
      await refuseFilled(orm, database);
      await migrateWithin(orm, modules, header.migrations);
      await useExactText(orm);
      const tables = await matchTables(orm, header);
      const aside = await setAside(orm, tables);
      await load(orm, file, header, tables, progress);
      await putBack(orm, aside, tables);
      await migrateWithin(orm, modules);
    })
    .catch((error: unknown) => {
      // The tables are those the rows came from: what does not fit was changed on its way.
      throw /^2[23]/.test(databaseErrorCode(error) ?? '') ? damaged(file, error) : error;
    });
  markReady(database, modules);
  return header;
}

/** @throws SupervisorError `conflict` when a backup holds what this build does not know */
export async function refuseNewer(header: BackupHeader, modules: readonly MigratedModule[]): Promise<void> {
  const known = new Set(modules.map(({ name }) => name));
  const strangers = [...new Set(header.migrations.map(({ module }) => module))].filter((name) => !known.has(name));
  if (strangers.length > 0) {
    const message = `The backup was made by Supervisor ${header.version}, which is newer (${strangers.join(', ')}). Update this one; nothing was changed.`;
    throw new SupervisorError('conflict', message, { version: header.version });
  }
  await pendingMigrations(modules, header.migrations, 'The backup');
}

/** @throws SupervisorError `conflict` when a database has tables of Supervisor */
export async function refuseFilled(orm: Orm, { location }: Pick<Database, 'location'>): Promise<void> {
  const [found] = await rows<{ tables: number }>(
    orm,
    sql`select count(*)::int as tables from pg_class where relnamespace = to_regnamespace('supervisor') and relkind in ('r', 'p')`,
  );
  if (found!.tables === 0) return;
  throw new SupervisorError(
    'conflict',
    `The database ${location} already holds a Supervisor. A backup goes into an empty one: make it (createdb NAME) and name it with --to URL. Nothing was changed.`,
  );
}

async function matchTables(orm: Orm, header: BackupHeader): Promise<Table[]> {
  const there = new Map((await tablesOf(orm)).map((table) => [table.name, table]));
  return header.tables.map(({ name, columns }) => {
    const table = there.get(name);
    const kept = columns.map((column) => table?.columns.find((found) => found.name === column));
    if (!table || kept.includes(undefined)) {
      const message = `This database cannot hold the backup's table ${name}. Where the backup was made, an extension or a build made it otherwise; nothing was changed.`;
      throw new SupervisorError('conflict', message, { table: name });
    }
    return { name, columns: kept as Table['columns'] };
  });
}

interface ForeignKey {
  table: string;
  name: string;
  definition: string;
}

// Rows come table by table, and within one in any order: foreign keys are checked once, at the end. Triggers fired when the rows were
// new, and what a migration put there is among them.
async function setAside(orm: Orm, tables: readonly Table[]): Promise<ForeignKey[]> {
  const keys = await rows<ForeignKey>(
    orm,
    sql`select t.relname as "table", k.conname as name, pg_get_constraintdef(k.oid) as definition
      from pg_constraint k join pg_class t on t.oid = k.conrelid
      where t.relnamespace = to_regnamespace('supervisor') and k.contype = 'f' and k.conparentid = 0 order by t.relname, k.conname`,
  );
  for (const { table, name } of keys) await orm.execute(sql`alter table ${qualified(table)} drop constraint ${sql.identifier(name)}`);
  for (const { name } of tables) {
    await orm.execute(sql`alter table ${qualified(name)} disable trigger user`);
    await orm.execute(sql`delete from ${qualified(name)}`);
  }
  return keys;
}

async function putBack(orm: Orm, keys: readonly ForeignKey[], tables: readonly Table[]): Promise<void> {
  for (const { name } of tables) await orm.execute(sql`alter table ${qualified(name)} enable trigger user`);
  for (const { table, name, definition } of keys) {
    await orm.execute(sql`alter table ${qualified(table)} add constraint ${sql.identifier(name)} ${sql.raw(definition)}`);
  }
}

const largestPage = 512 * 1024;
const mostRows = 1000;
const openBracket = 91;

async function load(orm: Orm, file: string, header: BackupHeader, tables: readonly Table[], progress: RestoreOptions['progress']) {
  const total = header.tables.reduce((sum, table) => sum + table.rows, 0);
  let table: Table | undefined;
  let page: string[] = [];
  let bytes = 0;
  let done = 0;
  const flush = async () => {
    if (page.length > 0) await insert(orm, table!, page);
    done += page.length;
    progress?.(done, total);
    page = [];
    bytes = 0;
  };
  let first = true;
  for await (const line of linesOf(file)) {
    if (line[0] === openBracket) {
      page.push(line.toString());
      bytes += line.length;
      if (bytes > largestPage || page.length === mostRows) await flush();
      continue;
    }
    await flush();
    if (!first) {
      const mark = JSON.parse(line.toString()) as { table?: string; sequences?: Sequence[] };
      if (mark.table !== undefined) table = tables.find(({ name }) => name === mark.table);
      for (const one of sequence.array().parse(mark.sequences ?? [])) await setSequence(orm, one);
    }
    first = false;
  }
  if (done !== total) throw damaged(file);
}

async function insert(orm: Orm, { name, columns }: Table, page: readonly string[]): Promise<void> {
  const names = sql.join(
    columns.map((column) => sql.identifier(column.name)),
    sql`, `,
  );
  const values = sql.join(
    columns.map(({ type }, index) => sql.raw(`(line->>${index})::${type}`)),
    sql`, `,
  );
  const lines = `[${page.join(',')}]`;
  await orm.execute(
    sql`insert into ${qualified(name)} (${names}) overriding system value select ${values} from json_array_elements(${lines}::text::json) as line`,
  );
}

async function setSequence(orm: Orm, { name, value, called }: Sequence): Promise<void> {
  await orm.execute(
    sql`select setval(${`supervisor.${JSON.stringify(name)}`}::text::regclass, ${value}::text::bigint, ${called}::boolean)`,
  );
}

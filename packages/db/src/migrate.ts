import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SupervisorError } from '@supervisor/core';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { rows, type Database, type Orm } from './database.js';

/** A package's tables, as far as the migrator must know it. */
export interface MigratedModule {
  name: string;
  /** Folder with the generated SQL and its `meta/_journal.json`. */
  migrations: URL;
}

/** A migration that was applied. */
export const journalRow = z.object({ module: z.string(), tag: z.string(), hash: z.string() });
export type JournalRow = z.infer<typeof journalRow>;

interface Migration {
  tag: string;
  hash: string;
  statements: string[];
}

// Any fixed number: whoever migrates a Supervisor database waits here for whoever else does.
const migrationLock = 7_385_001;

const done = new WeakMap<Database, Map<string, Promise<void>>>();

/**
 * Brings the modules' tables up to date: all or nothing, once even when many processes start together.
 * @returns the migrations it applied, as `module/tag`.
 * @throws SupervisorError `conflict` when an applied migration has changed or the database is newer than this build.
 */
export async function migrate(database: Database, modules: readonly MigratedModule[]): Promise<string[]> {
  const applied = await database.orm.transaction((tx) => migrateWithin(tx, modules));
  markReady(database, modules);
  return applied;
}

/** Until the end of the transaction nobody else makes or changes tables. */
export async function lockMigrations(orm: Orm): Promise<void> {
  await orm.execute(sql`select pg_advisory_xact_lock(${migrationLock}::bigint)`);
}

/** Migrates in a transaction of the caller's; with `upTo` no further than these. */
export async function migrateWithin(orm: Orm, modules: readonly MigratedModule[], upTo?: readonly JournalRow[]): Promise<string[]> {
  await lockMigrations(orm);
  await orm.execute(sql`create schema if not exists supervisor`);
  await orm.execute(sql`create table if not exists supervisor.migrations (
    module text not null, tag text not null, hash text not null, applied_at timestamptz not null default now(), primary key (module, tag))`);
  const wanted = upTo && new Set(upTo.map(({ module, tag }) => `${module}/${tag}`));
  const applied: string[] = [];
  for (const { module, migration } of await pendingOf(modules, await readJournal(orm), 'The database')) {
    const name = `${module}/${migration.tag}`;
    if (wanted && !wanted.has(name)) continue;
    await apply(orm, module, migration);
    applied.push(name);
  }
  return applied;
}

/** Every migration this database has had; none when it has had none. */
export async function readJournal(orm: Orm): Promise<JournalRow[]> {
  const [table] = await rows<{ exists: boolean }>(orm, sql`select to_regclass('supervisor.migrations') is not null as exists`);
  if (!table?.exists) return [];
  return rows<JournalRow>(orm, sql`select module, tag, hash from supervisor.migrations order by module, tag`);
}

/**
 * The migrations that are still to come after those of a journal, as `module/tag`.
 * @param what whose journal it is, for the error
 * @throws SupervisorError `conflict` when it has one that this build does not have, or has otherwise
 */
export async function pendingMigrations(
  modules: readonly MigratedModule[],
  journal: readonly JournalRow[],
  what: string,
): Promise<string[]> {
  return (await pendingOf(modules, journal, what)).map(({ module, migration }) => `${module}/${migration.tag}`);
}

async function pendingOf(modules: readonly MigratedModule[], journal: readonly JournalRow[], what: string) {
  const wanted = await Promise.all(modules.map(async (module) => ({ module: module.name, migrations: await readMigrations(module) })));
  return wanted.flatMap(({ module, migrations }) => {
    const before = new Map(journal.filter((row) => row.module === module).map((row) => [row.tag, row.hash]));
    return pending(module, migrations, before, what).map((migration) => ({ module, migration }));
  });
}

/** Says that these modules need no more migrating. */
export function markReady(database: Database, modules: readonly MigratedModule[]): void {
  const ready = readiness(database);
  for (const module of modules) ready.set(module.name, Promise.resolve());
}

/** Migrates one module the first time this database is used with it. */
export function ready(database: Database, module: MigratedModule): Promise<void> {
  const known = readiness(database);
  let promise = known.get(module.name);
  if (!promise) {
    promise = migrate(database, [module]).then(() => undefined);
    known.set(module.name, promise);
    promise.catch(() => known.delete(module.name));
  }
  return promise;
}

function readiness(database: Database): Map<string, Promise<void>> {
  let known = done.get(database);
  if (!known) done.set(database, (known = new Map()));
  return known;
}

async function readMigrations(module: MigratedModule): Promise<Migration[]> {
  const folder = module.migrations.href.endsWith('/') ? module.migrations : new URL(`${module.migrations.href}/`);
  const journal = JSON.parse(await readFile(new URL('meta/_journal.json', folder), 'utf8')) as { entries: { tag: string }[] };
  return Promise.all(
    journal.entries.map(async ({ tag }) => {
      const text = await readFile(new URL(`${tag}.sql`, folder), 'utf8');
      const statements = text
        .split('--> statement-breakpoint')
        .map((statement) => statement.trim())
        .filter(Boolean);
      return { tag, hash: createHash('sha256').update(text).digest('hex'), statements };
    }),
  );
}

function pending(module: string, migrations: Migration[], applied: Map<string, string>, what: string): Migration[] {
  const known = new Set(migrations.map(({ tag }) => tag));
  const newer = [...applied.keys()].filter((tag) => !known.has(tag));
  if (newer.length > 0) {
    throw new SupervisorError(
      'conflict',
      `${what} was migrated by a newer Supervisor (${module}: ${newer.join(', ')}). Update this one; nothing was changed.`,
    );
  }
  const changed = migrations.find(({ tag, hash }) => applied.has(tag) && applied.get(tag) !== hash);
  if (changed) {
    throw new SupervisorError(
      'conflict',
      `Migration ${module}/${changed.tag} differs from the one that ${what.toLowerCase()} was made with. Install a released build; nothing was changed.`,
    );
  }
  return migrations.filter(({ tag }) => !applied.has(tag));
}

async function apply(orm: Orm, module: string, migration: Migration): Promise<void> {
  for (const statement of migration.statements) await orm.execute(sql.raw(statement));
  await orm.execute(sql`insert into supervisor.migrations (module, tag, hash) values (${module}, ${migration.tag}, ${migration.hash})`);
}

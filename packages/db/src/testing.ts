import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { rows, type Database } from './database.js';
import { openInMemory } from './embedded.js';
import { openPostgres, parsePostgresUrl } from './postgres.js';

export interface TestDatabase {
  kind: Database['kind'];
  /** A fresh, empty database; closing it removes it. */
  open(): Promise<Database>;
}

/** The databases every suite runs on: embedded always, PostgreSQL when `TEST_DATABASE_URL` names a server. */
export function testDatabases(): TestDatabase[] {
  const server = process.env['TEST_DATABASE_URL'];
  const databases: TestDatabase[] = [{ kind: 'embedded', open: openEmbeddedForTests }];
  if (server) databases.push({ kind: 'postgres', open: () => openFresh(server) });
  return databases;
}

// To open one costs over a second, to empty one a twentieth: what a test has closed is emptied and given to the next.
const emptied: Database[] = [];

/** A fresh, empty embedded database in memory. */
export async function openEmbeddedForTests(): Promise<Database> {
  const database = emptied.pop() ?? (await openInMemory());
  let closed = false;
  // What a test left running must not write into the next test's database.
  const orm = new Proxy(database.orm, {
    get(target, key) {
      if (closed) throw new Error('This database is closed.');
      return Reflect.get(target, key) as unknown;
    },
  });
  return {
    ...database,
    orm,
    async close() {
      if (closed) return;
      closed = true;
      await empty(database);
      emptied.push(database);
    },
  };
}

async function empty({ orm }: Database): Promise<void> {
  const schemas = await rows<{ name: string }>(
    orm,
    sql`select nspname as name from pg_namespace where nspname !~ '^pg_|^information_schema$'`,
  );
  const gone = schemas.map(({ name }) => sql`drop schema ${sql.identifier(name)} cascade`);
  for (const statement of [...gone, sql`create schema public`, sql`discard all`, sql`set wal_init_zero = off`])
    await orm.execute(statement);
}

async function openFresh(server: string): Promise<Database> {
  const settings = parsePostgresUrl(server);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const maintenance = await openPostgres(settings);
  await maintenance.orm.execute(sql.raw(`create database ${name}`));
  const database = await openPostgres({ ...settings, database: name });
  return {
    ...database,
    async close() {
      await database.close();
      await maintenance.orm.execute(sql.raw(`drop database if exists ${name} with (force)`));
      await maintenance.close();
    },
  };
}

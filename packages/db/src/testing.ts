import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Database } from './database.js';
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
  const databases: TestDatabase[] = [{ kind: 'embedded', open: openInMemory }];
  if (server) databases.push({ kind: 'postgres', open: () => openFresh(server) });
  return databases;
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

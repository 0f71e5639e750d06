import { test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { openDatabase } from '@supervisor/db';
import { sql } from 'drizzle-orm';

const server = process.env['TEST_DATABASE_URL'];

export interface TestDatabase {
  url: string;
  /** Nobody gets in, and who is in is thrown out, while `work` goes on. */
  away(work: () => Promise<void>): Promise<void>;
}

/** A test with a fresh database on the tests' server; skipped where there is none, or not what else it needs. */
export function withPostgres(name: string, run: (database: TestDatabase) => Promise<void>, possible = true): void {
  (server && possible ? test : test.skip)(name, async () => {
    const { drop, ...database } = await createDatabase();
    await run(database).finally(drop);
  });
}

/** A fresh database on the tests' server, which there must be. */
export async function createDatabase(): Promise<TestDatabase & { drop(): Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const maintenance = await openDatabase(server!);
  await maintenance.orm.execute(sql.raw(`create database ${name}`));
  const url = new URL(server!.replace('@/', '@localhost/'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async away(work) {
      await maintenance.orm.execute(sql.raw(`alter database ${name} allow_connections false`));
      await maintenance.orm.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`);
      await work();
      await maintenance.orm.execute(sql.raw(`alter database ${name} allow_connections true`));
    },
    async drop() {
      await maintenance.orm.execute(sql.raw(`drop database ${name} with (force)`));
      await maintenance.close();
    },
  };
}

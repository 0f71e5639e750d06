import { randomBytes } from 'node:crypto';
import { openDatabase } from '@supervisor/db';
import { sql } from 'drizzle-orm';

/** A fresh database on the tests' server; undefined when there is none. */
export async function openPostgresForTests(): Promise<
  { url: string; drop(): Promise<void>; away(work: () => Promise<void>): Promise<void> } | undefined
> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server) return undefined;
  const name = `test_${randomBytes(6).toString('hex')}`;
  const maintenance = await openDatabase(server);
  await maintenance.orm.execute(sql.raw(`create database ${name}`));
  const url = new URL(server.replace('@/', '@localhost/'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    /** Nobody gets in, and who is in is thrown out, while `work` goes on. */
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

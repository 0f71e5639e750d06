import { sql } from 'drizzle-orm';
import { rows, type Orm } from './database.js';

/**
 * Takes back the room of rows that are no more, and tells the planner what there is, in every table that was changed since the last time:
 * an embedded database has no process beside it that does. A table at a time: callers come in between.
 */
export async function vacuum(orm: Orm, signal?: AbortSignal): Promise<void> {
  // It writes, and PostgreSQL lets it even where nothing may be written: on a disk that is nearly full (DiskGuard).
  const changed = await rows<{ name: string }>(
    orm,
    sql`select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
      where n_mod_since_analyze > 0 and current_setting('transaction_read_only') = 'off'`,
  );
  for (const { name } of changed) {
    if (signal?.aborted) return;
    await orm.execute(sql`vacuum (analyze) ${sql.raw(name)}`);
  }
}

import { instant, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { uuid } from 'drizzle-orm/pg-core';

/** The homes that use this database: one, or one for each replica. */
export const instances = supervisor.table('instances', {
  id: uuid().primaryKey(),
  createdAt: instant('created_at')
    .notNull()
    .default(sql`now()`),
  startedAt: instant('started_at')
    .notNull()
    .default(sql`now()`),
});

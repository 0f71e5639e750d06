import type { SQL } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

/** Drizzle, on either database; also what a transaction gives. */
export type Orm = PgDatabase<PgQueryResultHKT, Record<string, never>>;

/** An open database. */
export interface Database {
  kind: 'embedded' | 'postgres';
  /** Where it is, without user or password. */
  location: string;
  orm: Orm;
  /** Ends connections, and releases the lock of an embedded directory. Safe to repeat. */
  close(): Promise<void>;
}

/** Rows of a statement that Drizzle has no builder for. */
export async function rows<Row>(orm: Orm, query: SQL): Promise<Row[]> {
  const result = (await orm.execute(query)) as unknown as { rows: Row[] };
  return result.rows;
}

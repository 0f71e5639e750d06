import { and, eq, inArray, isNull, lte, or, sql, type SQL } from 'drizzle-orm';
import { integer, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import { instant } from './columns.js';
import type { Orm } from './database.js';

/** The columns of a table whose rows are worked on by one service at a time. Spread them into it. */
export function leaseColumns() {
  return { leaseUntil: instant('lease_until'), fence: integer().notNull().default(0) };
}

export type LeasedTable = PgTable & { id: PgColumn; leaseUntil: PgColumn; fence: PgColumn };

/** A row that somebody works on: the fence says who of those that ever did. */
export interface Leased {
  id: string | number;
  fence: number;
}

/** When a lease of so many seconds, taken now by the database's clock, is over: for a row that is inserted with one (and fence 1). */
export function leaseFor(seconds: number): SQL<string> {
  return sql`clock_timestamp() + make_interval(secs => ${seconds})`;
}

/**
 * Takes rows that meet the condition and that nobody works on, oldest lease first, in one statement: of many callers at once, one gets a
 * row. Its fence goes up, so that a write by an earlier holder, which carries `holds`, changes nothing.
 */
export async function claim<Table extends LeasedTable>(
  orm: Orm,
  table: Table,
  condition: SQL | undefined,
  seconds: number,
  limit = 1,
): Promise<Table['$inferSelect'][]> {
  const free = or(isNull(table.leaseUntil), lte(table.leaseUntil, sql`clock_timestamp()`));
  const due = orm.$with('due').as(
    orm
      .select({ id: table.id })
      .from(table as PgTable)
      .where(and(condition, free))
      .orderBy(sql`${table.leaseUntil} nulls first`)
      .limit(limit)
      .for('update', { skipLocked: true }),
  );
  return orm
    .with(due)
    .update(table as PgTable)
    .set({ leaseUntil: leaseFor(seconds), fence: sql`${table.fence} + 1` } as never)
    .where(inArray(table.id, orm.select({ id: due.id }).from(due)))
    .returning() as Promise<Table['$inferSelect'][]>;
}

/** The condition every write under a lease carries. */
export function holds(table: LeasedTable, row: Leased): SQL {
  return and(eq(table.id, row.id), eq(table.fence, row.fence))!;
}

/** Holds on to a row for so many seconds from now. @returns false when another one has it */
export async function renew(orm: Orm, table: LeasedTable, row: Leased, seconds: number): Promise<boolean> {
  return write(orm, table, row, leaseFor(seconds));
}

/** Lets go of a row. @returns false when another one has it */
export async function release(orm: Orm, table: LeasedTable, row: Leased): Promise<boolean> {
  return write(orm, table, row, null);
}

async function write(orm: Orm, table: LeasedTable, row: Leased, leaseUntil: SQL | null): Promise<boolean> {
  const kept = await orm
    .update(table as PgTable)
    .set({ leaseUntil } as never)
    .where(holds(table, row))
    .returning({ id: table.id });
  return kept.length > 0;
}

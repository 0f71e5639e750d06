import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core';
import { claim, release, renew, type Leased, type LeasedTable, type Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';

/** Seconds: longer than any request may take with its repetitions (cloudflare-api.ts); each write is preceded by `held`. */
export const leaseSeconds = 60;
const longestWaitMilliseconds = 30_000;

/** Says before each write whether the row is still this caller's. @throws SupervisorError `conflict` when it is not */
export type Held = () => Promise<void>;

/**
 * Does something that only one caller at a time may do with a row, which is read anew.
 * @returns undefined when the row is gone
 * @throws SupervisorError `conflict` when others are at it for half a minute
 */
export async function alone<Table extends LeasedTable, T>(
  orm: Orm,
  table: Table,
  row: { id: string; name: string },
  work: (row: Table['$inferSelect'], held: Held) => Promise<T>,
): Promise<T | undefined> {
  const end = Date.now() + longestWaitMilliseconds;
  let [mine] = await claim(orm, table, eq(table.id, row.id), leaseSeconds);
  while (!mine) {
    const [there] = await orm
      .select({ id: table.id })
      .from(table as LeasedTable)
      .where(eq(table.id, row.id));
    if (!there) return undefined;
    if (Date.now() > end) throw busy(row.name);
    await sleep(50 + Math.random() * 100);
    [mine] = await claim(orm, table, eq(table.id, row.id), leaseSeconds);
  }
  return holding(orm, table, { ...(mine as unknown as Leased), name: row.name }, (held) => work(mine, held));
}

/** Works on a row whose lease this caller has taken, and lets go of it. */
export async function holding<T>(
  orm: Orm,
  table: LeasedTable,
  row: Leased & { name: string },
  work: (held: Held) => Promise<T>,
): Promise<T> {
  try {
    return await work(async () => {
      if (!(await renew(orm, table, row, leaseSeconds))) throw busy(row.name);
    });
  } finally {
    await release(orm, table, row);
  }
}

function busy(name: string): SupervisorError {
  return new SupervisorError('conflict', `${name} is being changed by another call. Try again.`);
}

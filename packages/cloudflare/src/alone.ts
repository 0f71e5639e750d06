import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core';
import { claim, release, renew, type LeasedTable, type Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';

// Longer than any request it covers may take.
const leaseSeconds = 60;
const longestWaitMilliseconds = 30_000;

/**
 * Does something that only one caller at a time may do with a row, which is read anew; `held` says before each write whether that still is so.
 * @returns undefined when the row is gone
 * @throws SupervisorError `conflict` when others are at it for half a minute
 */
export async function alone<Table extends LeasedTable, T>(
  orm: Orm,
  table: Table,
  row: { id: string; name: string },
  work: (row: Table['$inferSelect'], held: () => Promise<void>) => Promise<T>,
): Promise<T | undefined> {
  const busy = () => new SupervisorError('conflict', `${row.name} is being changed by another call. Try again.`);
  const end = Date.now() + longestWaitMilliseconds;
  let [mine] = await claim(orm, table, eq(table.id, row.id), leaseSeconds);
  while (!mine) {
    const [there] = await orm
      .select({ id: table.id })
      .from(table as LeasedTable)
      .where(eq(table.id, row.id));
    if (!there) return undefined;
    if (Date.now() > end) throw busy();
    await sleep(50 + Math.random() * 100);
    [mine] = await claim(orm, table, eq(table.id, row.id), leaseSeconds);
  }
  const lease = mine as { id: string; fence: number };
  try {
    return await work(mine, async () => {
      if (!(await renew(orm, table, lease, leaseSeconds))) throw busy();
    });
  } finally {
    await release(orm, table, lease);
  }
}

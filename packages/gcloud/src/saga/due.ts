import type { Orm } from '@supervisor/db';
import { and, asc, eq, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import { gcloudOperations, gcloudVms } from '../schema.js';
import type { OperationRow, VmRow } from './rows.js';

/**
 * Operations that nobody works on, the oldest first.
 * @param alone no other process works on this database: leases that are not over are a dead one's, and end here
 */
export async function dueOperations(orm: Orm, limit: number, alone: boolean): Promise<{ operation: OperationRow; vm: VmRow }[]> {
  const lease = gcloudOperations.leaseUntil;
  const due = await orm
    .select({ operation: gcloudOperations, vm: gcloudVms })
    .from(gcloudOperations)
    .innerJoin(gcloudVms, eq(gcloudVms.id, gcloudOperations.vm))
    .where(and(isNull(gcloudOperations.endedAt), alone ? undefined : or(isNull(lease), lte(lease, sql`clock_timestamp()`))))
    .orderBy(asc(gcloudOperations.createdAt))
    .limit(limit);
  const ids = due.map(({ operation }) => operation.id);
  if (alone && ids.length > 0) await orm.update(gcloudOperations).set({ leaseUntil: null }).where(inArray(gcloudOperations.id, ids));
  return due;
}

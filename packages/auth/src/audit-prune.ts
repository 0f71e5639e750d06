import type { Orm } from '@supervisor/db';
import { and, asc, desc, eq, gt, isNotNull, lt, lte, max, min, sql } from 'drizzle-orm';
import { isAuthentic, type AuditKeys } from './audit-row.js';
import { auditEvents, auditSeals } from './schema.js';

/** Where the trail begins since it was pruned. */
export interface Start {
  /** The link that what is left goes on after. */
  link: number;
  /** When its oldest row was written: what says that it is older is a copy of one that is gone. */
  since: string;
}

/** The operation that prunes. The row that proves it names the link as its version; no other row of the operation has one. */
export const pruneOperation = 'prune_audit';

const batch = 5000;

/** Where the trail begins, as the last authentic row of a pruning says; undefined where it is whole. */
export async function startOf(orm: Orm, keys: AuditKeys): Promise<Start | undefined> {
  const proofs = await orm
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.operation, pruneOperation), isNotNull(auditEvents.version)))
    .orderBy(desc(auditEvents.version));
  const proof = proofs.find((row) => isAuthentic(keys, row));
  return proof && { link: proof.version!, since: proof.subject! };
}

/** Where the trail would begin without the links that are older than an instant in all their rows; undefined when there are none. */
export async function startSince(orm: Orm, before: string): Promise<Start | undefined> {
  const [kept] = await orm
    .select({ id: min(auditEvents.id) })
    .from(auditEvents)
    .where(sql`${auditEvents.at} >= ${before}`);
  const [link] = await orm
    .select()
    .from(auditSeals)
    .where(kept?.id == null ? undefined : lt(auditSeals.last, kept.id))
    .orderBy(desc(auditSeals.id))
    .limit(1);
  if (!link) return undefined;
  const [oldest] = await orm
    .select({ at: min(auditEvents.at) })
    .from(auditEvents)
    .where(gt(auditEvents.id, link.last));
  return { link: link.id, since: oldest?.at ?? before };
}

/** Removes what is before a start, oldest first: what is interrupted goes on with the next pruning. @returns how many rows */
export async function removeBefore(
  orm: Orm,
  { link }: Start,
  options: { signal: AbortSignal; progress(done: number): void },
): Promise<number> {
  const [end] = await orm
    .select({ last: max(auditSeals.last) })
    .from(auditSeals)
    .where(eq(auditSeals.id, link));
  let removed = 0;
  for (let more = end?.last != null; more && !options.signal.aborted; options.progress(removed)) {
    const oldest = orm
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(lte(auditEvents.id, end!.last!))
      .orderBy(asc(auditEvents.id))
      .limit(batch);
    const gone = await orm
      .delete(auditEvents)
      .where(sql`${auditEvents.id} in ${oldest}`)
      .returning({ id: auditEvents.id });
    removed += gone.length;
    more = gone.length === batch;
  }
  await orm.delete(auditSeals).where(lt(auditSeals.id, link));
  return removed;
}

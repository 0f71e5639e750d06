import type { Orm } from '@supervisor/db';
import { and, asc, desc, eq, isNotNull, lt, lte, sql } from 'drizzle-orm';
import { fingerprint, isAuthentic, type AuditKeys, type StoredRow } from './audit-row.js';
import { auditEvents, auditSeals } from './schema.js';

type Seal = typeof auditSeals.$inferSelect;

/** Where the trail begins since it was pruned. */
export interface Start {
  /** The link that what is left goes on after. */
  link: number;
  /** Of that link, as it was. */
  mark: string;
  /** No row that is left is older: what says so is a copy of one that is gone. */
  since: string;
}

/**
 * The operation that prunes. The row that proves it names the link as its version, and has its mark as its fingerprint; no other row of
 * the operation has either.
 */
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
  return proof && { link: proof.version!, mark: proof.fingerprint ?? '', since: proof.subject! };
}

/** Tells a link from every other, of another chain too. */
export function markOf(keys: AuditKeys, { id, last, mac }: Seal): string {
  return fingerprint(keys, JSON.stringify(['link', id, last, mac.toString('hex')]));
}

/** Finds where the trail would begin without the links that are older than an instant in all their rows. Takes them in their order. */
export class Cut {
  #link: Seal | undefined;
  #since: string;
  #ended = false;

  constructor(
    private readonly keys: AuditKeys,
    private readonly before: string,
  ) {
    this.#since = before;
  }

  /** @param seal undefined for the rows that have no link yet */
  add(seal: Seal | undefined, found: readonly StoredRow[]): void {
    // Who only writes to the database can give a row any age, but no right MAC: what stands before one that we wrote is older than it.
    const ours = found.filter((row) => isAuthentic(this.keys, row));
    this.#ended ||= ours.some(({ at }) => at >= this.before);
    if (!this.#ended && seal && ours.length > 0 && ours.at(-1) === found.at(-1)) {
      this.#link = seal;
      this.#since = this.before;
    } else {
      for (const { at } of ours) if (at < this.#since) this.#since = at;
    }
  }

  get start(): Start | undefined {
    return this.#link && { link: this.#link.id, mark: markOf(this.keys, this.#link), since: this.#since };
  }
}

/** Removes what is before a start, oldest first: what is interrupted goes on with the next pruning. @returns how many rows */
export async function removeBefore(
  orm: Orm,
  keys: AuditKeys,
  { link, mark }: Start,
  options: { signal: AbortSignal; progress(done: number): void },
): Promise<number> {
  const [end] = await orm.select().from(auditSeals).where(eq(auditSeals.id, link));
  // Another one's end says nothing of what may go.
  if (!end || markOf(keys, end) !== mark) return 0;
  let removed = 0;
  for (let more = true; more && !options.signal.aborted; options.progress(removed)) {
    const oldest = orm
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(lte(auditEvents.id, end.last))
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

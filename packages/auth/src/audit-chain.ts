import { SupervisorError, type Context } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { and, asc, desc, eq, gt, gte, lte, sql } from 'drizzle-orm';
import { markOf, startOf, type Cut, type Start } from './audit-prune.js';
import { isAuthentic, same, sealMac, type AuditKeys, type StoredRow } from './audit-row.js';
import { auditEvents, auditSeals } from './schema.js';

/** What a check of the trail found. */
export interface Verification {
  ok: boolean;
  /** Rows of the trail. */
  rows: number;
  /** Links of the chain. */
  seals: number;
  /** The end of the chain. Kept elsewhere, it tells later whether the trail was cut. */
  head: string;
  /** What was changed, at the most 20 of them. */
  problems: string[];
}

type Seal = typeof auditSeals.$inferSelect;

const lock = 7_385_004;
const batch = 250;
const mostProblems = 20;
const mostLinks = 2 ** 31 - 1;
const origin = Buffer.alloc(32);

/** Adds links over the rows that have none yet. @returns the end of the chain, empty before there is one */
export async function sealRows(orm: Orm, keys: AuditKeys): Promise<string> {
  await sealOpen(orm, keys);
  const [end] = await orm.select().from(auditSeals).orderBy(desc(auditSeals.id)).limit(1);
  return end ? headOf(end) : '';
}

async function sealOpen(orm: Orm, keys: AuditKeys): Promise<void> {
  const [open] = await rows<{ open: boolean }>(
    orm,
    sql`select exists (select from supervisor.audit_events where id > coalesce((select max(last) from supervisor.audit_seals), 0)) as open`,
  );
  if (!open?.open) return;
  const last = await settledRow(orm);
  let more = true;
  while (more) more = await orm.transaction((tx) => sealBatch(tx, keys, last));
}

// Below this id nothing can come any more: the lock waits for the inserts that already have one.
function settledRow(orm: Orm): Promise<number> {
  return orm.transaction(async (tx) => {
    await tx.execute(sql`lock table supervisor.audit_events in share mode`);
    const [row] = await tx.select({ last: sql<number>`coalesce(max(${auditEvents.id}), 0)::float8` }).from(auditEvents);
    return Number(row!.last);
  });
}

async function sealBatch(tx: Orm, keys: AuditKeys, last: number): Promise<boolean> {
  await tx.execute(sql`select pg_advisory_xact_lock(${lock}::bigint)`);
  const [before] = await tx.select().from(auditSeals).orderBy(desc(auditSeals.id)).limit(1);
  const found = await rowsAfter(tx, before?.last ?? 0, last);
  if (found.length === 0) return false;
  const seal = { id: (before?.id ?? 0) + 1, last: found.at(-1)!.id, count: found.length };
  await tx.insert(auditSeals).values({ ...seal, mac: sealMac(keys, seal, before?.mac ?? origin, found) });
  return found.length === batch;
}

/**
 * Checks every row's MAC and every link, and that the chain goes through the given ends; then chains what is new.
 * @param watch hears how far it has come, and may end it
 * @param newCut for one who wants to know what is how old, as it was checked
 * @throws SupervisorError `cancelled`
 */
export async function verifyRows(
  orm: Orm,
  keys: AuditKeys,
  heads: readonly string[],
  watch?: Pick<Context, 'signal' | 'progress'>,
  newCut?: () => Cut,
): Promise<Verification & { start?: Start | undefined }> {
  const cut = newCut?.();
  const problems: string[] = [];
  const start = await startOf(orm, keys);
  const seals = await orm
    .select()
    .from(auditSeals)
    .where(gte(auditSeals.id, start?.link ?? 0))
    .orderBy(asc(auditSeals.id));
  let before: Seal | undefined = seals[0]?.id === start?.link ? seals.shift() : undefined;
  if (start && (!before || markOf(keys, before) !== start.mark))
    problems.push(`Link ${start.link}, after which the trail goes on since it was pruned, is missing or was changed.`);
  if (before) problems.push(...(await wrongRowsUntil(orm, keys, before.last)));
  const total = seals.reduce((sum, seal) => sum + seal.count, 0);
  let count = 0;
  for (const seal of seals) {
    if (watch?.signal.aborted) throw new SupervisorError('cancelled', 'The check was cancelled.');
    const found = await rowsBetween(orm, before?.last ?? 0, seal.last);
    count += found.length;
    if (seal.id !== (before?.id ?? 0) + 1) problems.push(`Link ${(before?.id ?? 0) + 1} of the chain is missing.`);
    const expected = sealMac(keys, { ...seal, count: found.length }, before?.mac ?? origin, found);
    problems.push(...wrongRows(keys, found, start));
    problems.push(...(await repeatedRows(orm, before?.last ?? 0, seal.last)));
    if (found.length !== seal.count || !same(expected, seal.mac))
      problems.push(
        `Rows ${(before?.last ?? 0) + 1} to ${seal.last} are not those that link ${seal.id} was made over: some were changed, removed or added.`,
      );
    cut?.add(seal, found);
    before = seal;
    watch?.progress(count, total, `${count} of ${total} rows checked`);
  }
  const open = await rowsBetween(orm, before?.last ?? 0, Number.MAX_SAFE_INTEGER);
  cut?.add(undefined, open);
  problems.push(...wrongRows(keys, open, start));
  problems.push(...(await repeatedRows(orm, before?.last ?? 0, Number.MAX_SAFE_INTEGER)));
  for (const head of new Set(heads))
    if (Number.parseInt(head) < (start?.link ?? 0))
      problems.unshift(`The head ${head} is from before the trail was pruned: nothing is left to compare it with.`);
    else if (!(await goesThrough(orm, head)))
      problems.unshift(`The head ${head} is not part of the chain: it is mistyped, or the trail was cut or replaced.`);
  // Rows that went while we looked are missed in vain.
  if (problems.length > 0 && (await startOf(orm, keys))?.link !== start?.link) return verifyRows(orm, keys, heads, watch, newCut);
  return {
    ok: problems.length === 0,
    rows: count + open.length,
    seals: seals.length,
    head: await sealRows(orm, keys),
    problems: problems.slice(0, mostProblems),
    ...(cut && { start: cut.start }),
  };
}

/** Whether the chain has, or had on its way, this end; every chain begins with the empty one. */
export async function goesThrough(orm: Orm, head: string): Promise<boolean> {
  const id = Number.parseInt(head);
  if (head === '') return true;
  if (!(id >= 1 && id <= mostLinks)) return false;
  const [seal] = await orm.select().from(auditSeals).where(eq(auditSeals.id, id));
  return seal !== undefined && headOf(seal) === head;
}

function headOf({ id, mac }: Seal): string {
  return `${id}.${mac.toString('hex')}`;
}

function wrongRows(keys: AuditKeys, found: StoredRow[], start: Start | undefined): string[] {
  const bare = found.filter(({ mac }) => mac === null);
  const forged = found.filter((row) => row.mac !== null && !isAuthentic(keys, row));
  const old = found.filter(({ at }) => start !== undefined && at < start.since);
  const rows = `Of rows ${bare[0]?.id} to ${bare.at(-1)?.id}, ${bare.length} without a MAC: changed or forged, or from before rows had one.`;
  return [
    ...(bare.length > 0 ? [rows] : []),
    ...forged.map(({ id }) => `Row ${id} was changed or forged.`),
    ...old.map(({ id }) => `Row ${id} is older than the trail since it was pruned: a copy of a removed one.`),
  ];
}

// Of what a pruning that was interrupted left no link tells any more; nothing else may be there.
async function wrongRowsUntil(orm: Orm, keys: AuditKeys, last: number): Promise<string[]> {
  const problems: string[] = [];
  for (let page = await rowsAfter(orm, 0, last); page.length > 0; page = await rowsAfter(orm, page.at(-1)!.id, last)) {
    if (problems.length < mostProblems) problems.push(...wrongRows(keys, page, undefined));
  }
  return problems;
}

// A copy of an earlier row has a right MAC.
async function repeatedRows(orm: Orm, after: number, last: number): Promise<string[]> {
  const found = await rows<{ id: number }>(
    orm,
    sql`select e.id from supervisor.audit_events e where e.id > ${after} and e.id <= ${last}
        and exists (select from supervisor.audit_events o where o.call = e.call and o.mac = e.mac and o.id < e.id) order by e.id limit ${mostProblems}`,
  );
  return found.map(({ id }) => `Row ${id} is a copy of an earlier one.`);
}

function rowsAfter(orm: Orm, after: number, last: number): Promise<StoredRow[]> {
  return orm
    .select()
    .from(auditEvents)
    .where(and(gt(auditEvents.id, after), lte(auditEvents.id, last)))
    .orderBy(asc(auditEvents.id))
    .limit(batch);
}

// More than one link's worth only where somebody added rows.
async function rowsBetween(orm: Orm, after: number, last: number): Promise<StoredRow[]> {
  const all: StoredRow[] = [];
  for (let page = await rowsAfter(orm, after, last); page.length > 0; page = await rowsAfter(orm, page.at(-1)!.id, last)) {
    all.push(...page);
    if (page.length < batch) break;
  }
  return all;
}

import { randomUUID } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import { holds, leaseFor, type Orm } from '@supervisor/db';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { writeInto, type FoundZone } from '../accounts.js';
import { alone, holding, leaseSeconds, type Held } from '../alone.js';
import type { RemoteRecord } from '../api/answers.js';
import { isFinal, reasonOf } from '../failure.js';
import { cloudflareDnsRecords } from '../schema.js';
import type { RecordRow } from './listing.js';
import { canonical, observedOf, readComment, slotOf, type Desired } from './record.js';
import { isExposed } from './refusals.js';

/** What a call wants of a record. */
export interface Wish {
  project: string;
  desired: Desired;
  found: FoundZone;
  /** The exposure that it is for. */
  exposure?: string | null;
  /** Cloudflare's id of the record that is taken over. */
  recordId?: string;
}

/**
 * Writes the intent down, does the work under the row's lease, and takes the intent back where it was refused: whatever happens, a row
 * says what was meant to be.
 */
export async function pursue<T>(orm: Orm, wish: Wish, work: (row: RecordRow, held: Held) => Promise<T>): Promise<T> {
  const table = cloudflareDnsRecords;
  const { project, desired, exposure = null, recordId } = wish;
  const { account, zone } = wish.found;
  const place = { zoneId: zone.id, slot: slotOf(desired) };
  const attempt = async (row: RecordRow, former: RecordRow | undefined, held: Held) => {
    try {
      return await work(row, held);
    } catch (error) {
      await settleFailure(orm, row, former, error);
      throw error;
    }
  };
  const wanted = { ...desired, state: 'wanted' as const };
  if (desired.type === 'TXT') await findByText(orm, project, desired, place);
  const values = { id: randomUUID(), account: account.name, project, zone: zone.name, ...place, ...wanted, exposure };
  const [made] = await writeInto(orm, account, (tx) =>
    tx
      .insert(table)
      .values({ ...values, recordId: recordId ?? null, leaseUntil: leaseFor(leaseSeconds), fence: 1 })
      .onConflictDoNothing()
      .returning(),
  );
  if (made) return holding(orm, table, made, (held) => attempt(made, undefined, held));
  const [there] = await orm
    .select()
    .from(table)
    .where(and(eq(table.zoneId, place.zoneId), eq(table.slot, place.slot)));
  if (there) demandOurs(there, wish);
  const done =
    there &&
    (await alone(orm, table, there, async (former, held) => {
      demandOurs(former, wish);
      const changes = { ...wanted, ...(exposure === null ? {} : { exposure }), ...(recordId === undefined ? {} : { recordId }) };
      const [row] = await orm.update(table).set(changes).where(holds(table, former)).returning();
      return { answer: await attempt(row ?? former, former, held) };
    }));
  if (done) return done.answer;
  throw new SupervisorError('conflict', `${desired.type} ${desired.name} was deleted by another call meanwhile. Try again.`);
}

// Rows from before texts were kept in one way of writing have another slot.
async function findByText(orm: Orm, project: string, desired: Desired, { zoneId, slot }: { zoneId: string; slot: string }): Promise<void> {
  const table = cloudflareDnsRecords;
  const place = and(eq(table.zoneId, zoneId), eq(table.project, project), eq(table.name, desired.name), eq(table.type, 'TXT'));
  const rows = await orm.select().from(table).where(place);
  const old = rows.find((row) => row.slot !== slot && canonical('TXT', row.content) === desired.content);
  if (old && rows.every((row) => row.slot !== slot))
    await orm.update(table).set({ slot, content: desired.content }).where(eq(table.id, old.id));
}

function demandOurs(row: RecordRow, { project, desired, exposure = null, recordId }: Wish): void {
  const { type, name } = desired;
  if (row.project !== project) throw new SupervisorError('not_owned', `${type} ${name} belongs to project ${row.project}.`);
  if (exposure === null && row.exposure !== null) throw isExposed(row);
  if (recordId !== undefined && row.recordId !== null && row.recordId !== recordId)
    throw new SupervisorError('conflict', `Another ${type} record of ${name} is ours already. Delete or release that one first.`);
}

/** Writes down how a record was seen to be. */
export async function saw(orm: Orm, row: RecordRow, remote: RemoteRecord): Promise<RecordRow> {
  const [kept] = await orm
    .update(cloudflareDnsRecords)
    .set({ recordId: remote.id, observed: observedOf(remote), state: 'live', lastError: null, lastSyncAt: sql`clock_timestamp()` })
    .where(holds(cloudflareDnsRecords, row))
    .returning();
  return kept ?? row;
}

// A row that nothing can stand behind goes back to what it was; where that is not known it stays, with the reason.
async function settleFailure(orm: Orm, row: RecordRow, former: RecordRow | undefined, error: unknown): Promise<void> {
  const mine = holds(cloudflareDnsRecords, row);
  if (!isFinal(error)) return noteFailure(orm, row, error);
  if (!former) return void (await orm.delete(cloudflareDnsRecords).where(mine));
  const { id: _, fence: _fence, leaseUntil: _lease, ...rest } = former;
  await orm
    .update(cloudflareDnsRecords)
    .set({ ...rest, lastError: reasonOf(error) })
    .where(mine);
}

/** Writes down what went wrong, and changes nothing else. */
export async function noteFailure(orm: Orm, { id }: RecordRow, error: unknown): Promise<void> {
  await orm
    .update(cloudflareDnsRecords)
    .set({ lastError: reasonOf(error) })
    .where(eq(cloudflareDnsRecords.id, id));
}

/** The projects of those records that are ours, by their marks. */
export async function ownersOf(orm: Orm, records: readonly RemoteRecord[]): Promise<Map<string, string>> {
  const marks = records.flatMap(({ comment }) => readComment(comment ?? '').id ?? []);
  const { id, project } = cloudflareDnsRecords;
  const rows = await orm.select({ id, project }).from(cloudflareDnsRecords).where(inArray(id, marks));
  return new Map(rows.map((row) => [row.id, row.project]));
}

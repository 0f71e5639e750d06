import { randomUUID } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import type { FoundZone } from '../accounts.js';
import type { RemoteRecord } from '../api/answers.js';
import { isFinal, reasonOf } from '../failure.js';
import { cloudflareDnsRecords } from '../schema.js';
import type { RecordRow } from './listing.js';
import { observedOf, readComment, slotOf, type Desired } from './record.js';
import { isExposed } from './refusals.js';

/** A row as a call wants it, and as it was before; without that the call made it. */
export interface Intent {
  row: RecordRow;
  former?: RecordRow | undefined;
}

/** The intent comes first: whatever happens then, a row says what was meant to be. */
export async function intend(
  orm: Orm,
  project: string,
  desired: Desired,
  { account, zone }: FoundZone,
  exposure: string | null,
  recordId?: string,
): Promise<Intent> {
  const table = cloudflareDnsRecords;
  const slot = slotOf(desired);
  const place = { zoneId: zone.id, slot };
  const values = { account: account.name, project, zone: zone.name, ...place, ...desired, exposure, state: 'wanted' as const };
  const [made] = await orm
    .insert(table)
    .values({ id: randomUUID(), ...values, recordId: recordId ?? null })
    .onConflictDoNothing()
    .returning();
  if (made) return { row: made };
  const [former] = await orm
    .select()
    .from(table)
    .where(and(eq(table.zoneId, zone.id), eq(table.slot, slot)));
  const [row] = await orm
    .update(table)
    .set({ ...desired, state: 'wanted', ...(exposure === null ? {} : { exposure }), ...(recordId === undefined ? {} : { recordId }) })
    .where(
      and(
        eq(table.id, former?.id ?? ''),
        eq(table.project, project),
        exposure === null ? isNull(table.exposure) : undefined,
        recordId === undefined ? undefined : or(isNull(table.recordId), eq(table.recordId, recordId)),
      ),
    )
    .returning();
  if (row) return { row, former };
  if (former?.project !== project)
    throw new SupervisorError(
      'not_owned',
      `${desired.type} ${desired.name} belongs to ${former ? `project ${former.project}` : 'another call'}.`,
    );
  if (exposure === null && former.exposure !== null) throw isExposed(former);
  throw new SupervisorError(
    'conflict',
    `Another ${desired.type} record of ${desired.name} is ours already. Delete or release that one first.`,
  );
}

/** Writes down how a record was seen to be. */
export async function saw(orm: Orm, row: RecordRow, remote: RemoteRecord): Promise<RecordRow> {
  const [kept] = await orm
    .update(cloudflareDnsRecords)
    .set({ recordId: remote.id, observed: observedOf(remote), state: 'live', lastError: null, lastSyncAt: sql`clock_timestamp()` })
    .where(eq(cloudflareDnsRecords.id, row.id))
    .returning();
  return kept ?? row;
}

/** Takes a row that nothing can stand behind back to what it was; where that is not known it stays, with the reason. */
export async function settleFailure(orm: Orm, { row, former }: Intent, error: unknown): Promise<void> {
  const table = cloudflareDnsRecords;
  await noteFailure(orm, row, error);
  if (!isFinal(error)) return;
  const { content, ttl, proxied, note } = row;
  const asWished = and(
    eq(table.id, row.id),
    eq(table.content, content),
    eq(table.ttl, ttl),
    eq(table.proxied, proxied),
    eq(table.note, note),
  );
  if (!former) await orm.delete(table).where(asWished);
  else {
    const { id: _, fence: _fence, leaseUntil: _lease, lastError: _error, ...rest } = former;
    await orm.update(table).set(rest).where(asWished);
  }
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

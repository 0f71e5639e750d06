import { randomUUID } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Accounts, FoundZone } from '../accounts.js';
import { recordAnswer, type RemoteRecord } from '../api/answers.js';
import type { CloudflareApi } from '../api/cloudflare-api.js';
import { unavailable } from '../api/failure.js';
import { isFinal, reasonOf } from '../failure.js';
import { cloudflareDnsRecords } from '../schema.js';
import { listRemote, listRows, placeOf, type RecordFilter, type RecordRow } from './listing.js';
import { dnsName } from './name.js';
import {
  bodyOf,
  desiredOf,
  driftOf,
  isInTheWay,
  observedOf,
  readComment,
  recordTypes,
  refuseRoot,
  slotOf,
  type Desired,
  type RecordType,
  type RecordWish,
} from './record.js';

const nowText = sql`clock_timestamp()`;

/** Which of our records a call means. */
export interface RecordChoice {
  name: string;
  type?: string | undefined;
  content?: string | undefined;
}

/** The DNS records that are ours: only those are changed, and only where row and mark agree. */
export class DnsRecords {
  readonly #orm: Orm;
  readonly #accounts: Accounts;

  constructor(orm: Orm, accounts: Accounts) {
    this.#orm = orm;
    this.#accounts = accounts;
  }

  async list(
    filter: RecordFilter,
    options: { limit: number; cursor?: string | undefined },
  ): Promise<{ rows: RecordRow[]; nextCursor?: string }> {
    const rows = await listRows(this.#orm, filter, options.cursor, options.limit + 1);
    const last = rows.length > options.limit ? rows[options.limit - 1] : undefined;
    return { rows: rows.slice(0, options.limit), ...(last ? { nextCursor: placeOf(last) } : {}) };
  }

  /** Makes a record, or makes ours as it should be. Asking again changes nothing. */
  async upsert(project: string, wish: RecordWish, exposure: string | null = null): Promise<{ row: RecordRow; changed: boolean }> {
    const desired = desiredOf(wish);
    const found = await this.#accounts.zoneOf(desired.name);
    refuseRoot(desired.name, desired.type, found.zone.name);
    const { row, fresh } = await this.#intend(project, desired, found, exposure);
    try {
      const remote = await listRemote(found.api, found.zone.id, desired.name);
      return await this.bring(found.api, row, remote);
    } catch (error) {
      await this.#failed(row, error, fresh);
      throw error;
    }
  }

  /**
   * Makes one record as its row wants it.
   * @param remote the records of its name, or all of its zone
   */
  async bring(api: CloudflareApi, row: RecordRow, remote: readonly RemoteRecord[]): Promise<{ row: RecordRow; changed: boolean }> {
    const mine = remote.find((record) => readComment(record.comment ?? '').id === row.id);
    if (!mine) refuseForeign(row, remote);
    if (mine && driftOf(row.id, row, observedOf(mine)).length === 0) return { row: await this.#saw(row, mine), changed: false };
    const path = `/zones/${row.zoneId}/dns_records`;
    const body = bodyOf(row.id, row);
    const find = async () =>
      (await listRemote(api, row.zoneId, row.name)).find((record) => readComment(record.comment ?? '').id === row.id);
    const made = mine ? await api.patch(`${path}/${mine.id}`, body, recordAnswer) : await api.create(path, body, recordAnswer, find);
    return { row: await this.#saw(row, made), changed: true };
  }

  /**
   * Deletes records of ours. Without a match nothing happens.
   * @param many whether the caller may delete more than one
   * @throws SupervisorError `protected` when more than one match, `not_owned` when the record is not ours any more
   */
  async delete(project: string, choice: RecordChoice, many: boolean): Promise<RecordRow[]> {
    const rows = await listRows(this.#orm, { project, ...choice, name: dnsName(choice.name) });
    const exposed = rows.find(({ exposure }) => exposure !== null);
    if (exposed) throw isExposed(exposed);
    if (rows.length > 1 && !many) {
      const which = rows.map(({ type, content }) => `${type} ${content}`).join(', ');
      throw new SupervisorError(
        'protected',
        `That would delete ${rows.length} records (${which}). Name one by type and content; more than one at a time is the owner's to delete.`,
        { records: rows.length },
      );
    }
    if (rows.length === 0) await this.#refuseStranger(choice);
    for (const row of rows) await this.remove(row);
    return rows;
  }

  /** Deletes one record of ours, and its row once it is gone. */
  async remove(row: RecordRow): Promise<void> {
    refuseRoot(row.name, row.type, row.zone);
    await this.#orm.update(cloudflareDnsRecords).set({ state: 'deleting' }).where(eq(cloudflareDnsRecords.id, row.id));
    try {
      const { api } = await this.#accounts.reach(row.account);
      const remote = await listRemote(api, row.zoneId, row.name);
      for (const record of remote) {
        if (readComment(record.comment ?? '').id === row.id) await this.#deleteRemote(api, row, record.id);
        else if (record.id === row.recordId) throw unmarked(row);
      }
      await this.#orm.delete(cloudflareDnsRecords).where(eq(cloudflareDnsRecords.id, row.id));
    } catch (error) {
      await this.#failed(row, error, false);
      throw error;
    }
  }

  // "Not found" is said of a wrong address too: whether it is gone is looked at.
  async #deleteRemote(api: CloudflareApi, row: RecordRow, recordId: string): Promise<void> {
    if (await api.delete(`/zones/${row.zoneId}/dns_records/${recordId}`)) return;
    const left = await listRemote(api, row.zoneId, row.name);
    if (left.some(({ id }) => id === recordId)) throw unavailable(`Cloudflare did not delete ${row.type} ${row.name}.`);
  }

  /** Takes over a record that others made: from then on it is ours. Asking again changes nothing. */
  async adopt(project: string, choice: RecordChoice): Promise<RecordRow> {
    const name = dnsName(choice.name);
    const found = await this.#accounts.zoneOf(name);
    const all = await listRemote(found.api, found.zone.id, name);
    const fitting = all.filter(
      (record) =>
        (choice.type === undefined || record.type === choice.type) &&
        (choice.content === undefined || observedOf(record).content === choice.content),
    );
    if (fitting.length !== 1) throw choose(name, fitting);
    const record = fitting[0]!;
    refuseRoot(name, record.type, found.zone.name);
    const seen = observedOf(record);
    const { id, note } = readComment(seen.comment);
    if (id !== undefined) {
      const [ours] = await this.#orm.select().from(cloudflareDnsRecords).where(eq(cloudflareDnsRecords.id, id));
      if (ours?.project === project) return ours;
      throw new SupervisorError(
        'not_owned',
        `${name} belongs to ${ours ? `project ${ours.project}` : 'another Supervisor'}. Release it there first.`,
      );
    }
    if (!recordTypes.includes(record.type as RecordType))
      throw new SupervisorError('invalid_input', `Records of type ${record.type} cannot be adopted: Supervisor could not make them again.`);
    const { content, ttl, proxied, priority } = seen;
    const desired: Desired = { name, type: record.type, content, ttl, proxied, priority, note };
    const { row } = await this.#intend(project, desired, found, null, record.id);
    const marked = await found.api.patch(`/zones/${found.zone.id}/dns_records/${record.id}`, bodyOf(row.id, desired), recordAnswer);
    return this.#saw(row, marked);
  }

  /** Lets go of a record: it stays as it is, without our mark, and is not ours any more. */
  async release(project: string, choice: RecordChoice): Promise<RecordRow> {
    const rows = await listRows(this.#orm, { project, ...choice, name: dnsName(choice.name) });
    if (rows.length !== 1) throw choose(choice.name, rows);
    const row = rows[0]!;
    if (row.exposure !== null) throw isExposed(row);
    const { api } = await this.#accounts.reach(row.account);
    for (const record of await listRemote(api, row.zoneId, row.name)) {
      const { id, note } = readComment(record.comment ?? '');
      if (id !== row.id) continue;
      const body = { ...bodyOf(row.id, { ...row, ...observedOf(record) }), comment: note };
      await api.patch(`/zones/${row.zoneId}/dns_records/${record.id}`, body, recordAnswer);
    }
    await this.#orm.delete(cloudflareDnsRecords).where(eq(cloudflareDnsRecords.id, row.id));
    return row;
  }

  /** The intent comes first: whatever happens then, a row says what was meant to be. */
  async #intend(project: string, desired: Desired, { account, zone }: FoundZone, exposure: string | null, recordId?: string) {
    const slot = slotOf(desired);
    const values = {
      account: account.name,
      project,
      zoneId: zone.id,
      zone: zone.name,
      slot,
      ...desired,
      exposure,
      state: 'wanted' as const,
    };
    const [made] = await this.#orm
      .insert(cloudflareDnsRecords)
      .values({ id: randomUUID(), ...values, recordId: recordId ?? null })
      .onConflictDoNothing()
      .returning();
    if (made) return { row: made, fresh: true };
    const place = and(eq(cloudflareDnsRecords.zoneId, zone.id), eq(cloudflareDnsRecords.slot, slot));
    const [row] = await this.#orm
      .update(cloudflareDnsRecords)
      .set({ ...desired, state: 'wanted', ...(exposure === null ? {} : { exposure }) })
      .where(and(place, eq(cloudflareDnsRecords.project, project), exposure === null ? isNull(cloudflareDnsRecords.exposure) : undefined))
      .returning();
    if (row) return { row, fresh: false };
    const [other] = await this.#orm.select().from(cloudflareDnsRecords).where(place);
    if (other?.project === project) throw isExposed(other);
    throw new SupervisorError('not_owned', `${desired.type} ${desired.name} belongs to project ${other?.project ?? 'of another call'}.`);
  }

  async #saw(row: RecordRow, remote: RemoteRecord): Promise<RecordRow> {
    const [kept] = await this.#orm
      .update(cloudflareDnsRecords)
      .set({ recordId: remote.id, observed: observedOf(remote), state: 'live', lastError: null, lastSyncAt: nowText })
      .where(eq(cloudflareDnsRecords.id, row.id))
      .returning();
    return kept ?? row;
  }

  // A row that nothing can stand behind is taken back; where that is not known it stays, with the reason.
  async #failed(row: RecordRow, error: unknown, fresh: boolean): Promise<void> {
    const ours = eq(cloudflareDnsRecords.id, row.id);
    if (fresh && isFinal(error)) await this.#orm.delete(cloudflareDnsRecords).where(ours);
    else
      await this.#orm
        .update(cloudflareDnsRecords)
        .set({ lastError: reasonOf(error) })
        .where(ours);
  }

  async #refuseStranger(choice: RecordChoice): Promise<void> {
    const { api, zone } = await this.#accounts.zoneOf(choice.name);
    const name = dnsName(choice.name);
    const there = (await listRemote(api, zone.id, name)).filter(
      (record) =>
        (choice.type === undefined || record.type === choice.type) &&
        (choice.content === undefined || observedOf(record).content === choice.content),
    );
    if (there.length > 0) throw notOwned(name, there);
  }
}

function refuseForeign(row: RecordRow, remote: readonly RemoteRecord[]): void {
  if (remote.some((record) => record.id === row.recordId)) throw unmarked(row);
  const blocking = remote.filter((record) => record.name === row.name && isInTheWay({ ...observedOf(record), type: record.type }, row));
  if (blocking.length > 0) throw notOwned(row.name, blocking);
}

function notOwned(name: string, records: readonly RemoteRecord[]): SupervisorError {
  const which = records
    .map(({ type, comment }) => `${type}${readComment(comment ?? '').id === undefined ? '' : ' of another Supervisor'}`)
    .join(', ');
  return new SupervisorError(
    'not_owned',
    `${name} already has ${which}, which Supervisor did not make. The owner takes it over with \`supervisor cloudflare adopt-dns-record\`.`,
  );
}

function isExposed(row: RecordRow): SupervisorError {
  return new SupervisorError('protected', `${row.name} is exposed: unexpose it instead.`);
}

function unmarked(row: RecordRow): SupervisorError {
  return new SupervisorError(
    'not_owned',
    `${row.type} ${row.name} has lost our mark: somebody else has it now. Release it, or have the owner adopt it again.`,
  );
}

function choose(name: string, fitting: readonly { type: string; content?: string | null | undefined }[]): SupervisorError {
  if (fitting.length === 0) return new SupervisorError('not_found', `There is no such record at ${name}.`);
  const which = fitting.map(({ type, content }) => `${type} ${content ?? ''}`).join(', ');
  return new SupervisorError('invalid_input', `${name} has ${which}: name one by type and content.`);
}

import { cutPage, SupervisorError } from '@supervisor/core';
import { holds, type Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';
import type { Accounts } from '../accounts.js';
import { alone, type Held } from '../alone.js';
import { recordAnswer, type RemoteRecord } from '../api/answers.js';
import type { CloudflareApi } from '../api/cloudflare-api.js';
import { unavailable } from '../api/failure.js';
import { isMissing } from '../failure.js';
import { cloudflareDnsRecords } from '../schema.js';
import { noteFailure, ownersOf, pursue, saw } from './intents.js';
import { listRemote, listRows, placeOf, type RecordFilter, type RecordRow } from './listing.js';
import { dnsName } from './name.js';
import { choose, isExposed, notOwned, unmarked } from './refusals.js';
import {
  bodyOf,
  canonical,
  desiredOf,
  driftOf,
  isInTheWay,
  observedOf,
  readComment,
  recordTypes,
  refuseRoot,
  type Desired,
  type RecordType,
  type RecordWish,
} from './record.js';

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
    return cutPage(await listRows(this.#orm, filter, options.cursor, options.limit + 1), options.limit, placeOf);
  }

  /** Makes a record, or makes ours as it should be. Asking again changes nothing. */
  async upsert(project: string, wish: RecordWish, exposure: string | null = null): Promise<{ row: RecordRow; changed: boolean }> {
    const desired = desiredOf(wish);
    const found = await this.#accounts.zoneOf(desired.name);
    refuseRoot(desired.name, desired.type, found.zone.name);
    return pursue(this.#orm, { project, desired, found, exposure }, (row, held) => this.#bring(found.api, row, held));
  }

  /** Makes one record as its row wants it. */
  async mend({ id, name, account }: RecordRow): Promise<void> {
    const { api } = await this.#accounts.reach(account);
    await alone(this.#orm, cloudflareDnsRecords, { id, name }, (row, held) => this.#bring(api, row, held));
  }

  async #bring(api: CloudflareApi, row: RecordRow, held: Held): Promise<{ row: RecordRow; changed: boolean }> {
    const isMine = (record: RemoteRecord) => readComment(record.comment ?? '').id === row.id;
    const remote = await listRemote(api, row.zoneId, row.name);
    const mine = remote.find(isMine);
    if (!mine) await this.#refuseForeign(row, remote);
    if (mine && driftOf(row.id, row, observedOf(mine)).length === 0) return { row: await saw(this.#orm, row, mine), changed: false };
    const path = `/zones/${row.zoneId}/dns_records`;
    const body = bodyOf(row.id, row);
    const find = async () => (await listRemote(api, row.zoneId, row.name)).find(isMine);
    await held();
    const made = mine ? await api.patch(`${path}/${mine.id}`, body, recordAnswer) : await api.create(path, body, recordAnswer, find);
    return { row: await saw(this.#orm, row, made), changed: true };
  }

  /**
   * Deletes records of ours. Without a match nothing happens.
   * @param many whether the caller may delete more than one
   * @throws SupervisorError `protected` when more than one match, `not_owned` when the record is not ours any more
   */
  async delete(project: string, choice: RecordChoice, many: boolean): Promise<RecordRow[]> {
    const rows = await this.#ours(project, choice);
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

  /** Deletes one record of ours, and its row once it is gone. @throws SupervisorError `not_owned` when it is not ours any more */
  async remove({ id, name, type, zone }: RecordRow): Promise<void> {
    refuseRoot(name, type, zone);
    await alone(this.#orm, cloudflareDnsRecords, { id, name }, async (row, held) => {
      const mine = holds(cloudflareDnsRecords, row);
      await this.#orm.update(cloudflareDnsRecords).set({ state: 'deleting' }).where(mine);
      try {
        const { api } = await this.#accounts.reach(row.account);
        for (const record of await this.#remoteOf(row)) {
          await held();
          if (readComment(record.comment ?? '').id === id) await this.#deleteRemote(api, row, record.id);
          else if (record.id === row.recordId) throw unmarked(row);
        }
        await this.#orm.delete(cloudflareDnsRecords).where(mine);
      } catch (error) {
        await noteFailure(this.#orm, row, error);
        throw error;
      }
    });
  }

  /** Lets go of a record that others have now. */
  async forget({ id }: RecordRow): Promise<void> {
    await this.#orm.delete(cloudflareDnsRecords).where(eq(cloudflareDnsRecords.id, id));
  }

  // "Not found" is said of a wrong address too: whether it is gone is looked at.
  async #deleteRemote(api: CloudflareApi, row: RecordRow, recordId: string): Promise<void> {
    if (await api.delete(`/zones/${row.zoneId}/dns_records/${recordId}`)) return;
    const left = await listRemote(api, row.zoneId, row.name);
    if (left.some(({ id }) => id === recordId)) throw unavailable(`Cloudflare did not delete ${row.type} ${row.name}.`);
  }

  // A zone that has left the account took its records along.
  async #remoteOf(row: RecordRow): Promise<RemoteRecord[]> {
    const reach = await this.#accounts.reach(row.account);
    try {
      return await listRemote(reach.api, row.zoneId, row.name);
    } catch (error) {
      if (!isMissing(error) || (await this.#accounts.zones(reach, true)).some(({ id }) => id === row.zoneId)) throw error;
      return [];
    }
  }

  /** Takes over a record that others made: from then on it is ours. Asking again changes nothing. */
  async adopt(project: string, choice: RecordChoice): Promise<RecordRow> {
    const name = dnsName(choice.name);
    const found = await this.#accounts.zoneOf(name);
    const fitting = (await listRemote(found.api, found.zone.id, name)).filter((record) => fits(record.type, observedOf(record), choice));
    if (fitting.length !== 1) throw choose(name, fitting);
    const record = fitting[0]!;
    refuseRoot(name, record.type, found.zone.name);
    const seen = observedOf(record);
    const { id, note } = readComment(seen.comment);
    if (id !== undefined) {
      const [ours] = await this.#orm.select().from(cloudflareDnsRecords).where(eq(cloudflareDnsRecords.id, id));
      if (ours?.project === project) return ours;
      const whose = ours ? `project ${ours.project}` : 'another Supervisor';
      throw new SupervisorError('not_owned', `${name} belongs to ${whose}. Release it there first, or take its comment off at Cloudflare.`);
    }
    if (!recordTypes.includes(record.type as RecordType))
      throw new SupervisorError('invalid_input', `Records of type ${record.type} cannot be adopted: Supervisor could not make them again.`);
    const { content, ttl, proxied, priority } = seen;
    const desired: Desired = { name, type: record.type, content, ttl, proxied, priority, note };
    const path = `/zones/${found.zone.id}/dns_records/${record.id}`;
    return pursue(this.#orm, { project, desired, found, recordId: record.id }, async (row) =>
      saw(this.#orm, row, await found.api.patch(path, bodyOf(row.id, desired), recordAnswer)),
    );
  }

  /** Lets go of a record: it stays as it is, without our mark, and is not ours any more. */
  async release(project: string, choice: RecordChoice): Promise<RecordRow> {
    const rows = await this.#ours(project, choice);
    if (rows.length !== 1) throw choose(choice.name, rows);
    const row = rows[0]!;
    if (row.exposure !== null) throw isExposed(row);
    await alone(this.#orm, cloudflareDnsRecords, row, async (_row, held) => {
      const { api } = await this.#accounts.reach(row.account);
      for (const record of await this.#remoteOf(row)) {
        const { id, note } = readComment(record.comment ?? '');
        if (id !== row.id) continue;
        await held();
        const body = { ...bodyOf(row.id, { ...row, ...observedOf(record) }), comment: note };
        await api.patch(`/zones/${row.zoneId}/dns_records/${record.id}`, body, recordAnswer);
      }
      await this.forget(row);
    });
    return row;
  }

  async #ours(project: string, choice: RecordChoice): Promise<RecordRow[]> {
    const rows = await listRows(this.#orm, { project, name: dnsName(choice.name) });
    return rows.filter((row) => fits(row.type, row, choice));
  }

  async #refuseStranger(choice: RecordChoice): Promise<void> {
    const { api, zone } = await this.#accounts.zoneOf(choice.name);
    const name = dnsName(choice.name);
    const there = (await listRemote(api, zone.id, name)).filter((record) => fits(record.type, observedOf(record), choice));
    if (there.length > 0) throw notOwned(name, there, await ownersOf(this.#orm, there), undefined);
  }

  async #refuseForeign(row: RecordRow, remote: readonly RemoteRecord[]): Promise<void> {
    if (remote.some((record) => record.id === row.recordId)) throw unmarked(row);
    const blocking = remote.filter((record) => record.name === row.name && isInTheWay({ ...observedOf(record), type: record.type }, row));
    if (blocking.length > 0) throw notOwned(row.name, blocking, await ownersOf(this.#orm, blocking), row.project);
  }
}

function fits(type: string, { content }: { content: string }, choice: RecordChoice): boolean {
  return (
    (choice.type === undefined || choice.type === type) &&
    (choice.content === undefined || canonical(type, choice.content) === canonical(type, content))
  );
}

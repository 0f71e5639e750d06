import type { Orm } from '@supervisor/db';
import { inArray, sql } from 'drizzle-orm';
import type { Accounts } from '../accounts.js';
import type { RemoteRecord } from '../api/answers.js';
import { reasonOf } from '../failure.js';
import { cloudflareDnsRecords } from '../schema.js';
import type { DnsRecords } from './dns-records.js';
import { listRemote, listRows, type RecordRow } from './listing.js';
import { driftOf, observedOf, readComment } from './record.js';

export interface SyncedRecord {
  name: string;
  type: string;
  project: string;
  /** `foreign`: what stands there is not ours any more, or never was. */
  state: 'in_sync' | 'drifted' | 'missing' | 'foreign';
  /** Fields that are not as they should be. */
  drift: string[];
  mended: boolean;
  problem: string | null;
}

/** Only records that are not in sync; the others are counted. */
export interface SyncReport {
  zones: { zone: string; records: number; ours: number; inSync: number; problem: string | null }[];
  differing: SyncedRecord[];
}

/** Compares our records with what is there, in one request for each thousand records of a zone; writes only what `mend` asks for. */
export async function syncRecords(
  orm: Orm,
  accounts: Accounts,
  records: DnsRecords,
  { project, zone, mend }: { project?: string | undefined; zone?: string | undefined; mend: boolean },
): Promise<SyncReport> {
  const report: SyncReport = { zones: [], differing: [] };
  const all = await listRows(orm, { project, zone });
  for (const zoneId of new Set(all.map((row) => row.zoneId))) {
    const rows = all.filter((row) => row.zoneId === zoneId);
    const ours = { zone: rows[0]!.zone, ours: rows.length };
    // One that has left the account, or does not answer, is no reason to leave the others.
    const remote = await listZone(accounts, rows[0]!).catch(reasonOf);
    if (typeof remote === 'string') {
      report.zones.push({ ...ours, records: 0, inSync: 0, problem: remote });
      continue;
    }
    const seen = new Map(remote.flatMap((record) => pair(record)));
    const byId = new Map(remote.map((record) => [record.id, record]));
    const inSync: string[] = [];
    for (const row of rows) {
      const compared = compare(row, seen.get(row.id), byId);
      if (compared.state === 'in_sync') {
        inSync.push(row.id);
        continue;
      }
      // To delete takes another right than to mend: whoever asked for it asks again.
      if (mend && compared.state !== 'foreign' && row.state !== 'deleting') await mendOne(records, row, compared);
      report.differing.push(compared);
    }
    await markSynced(orm, inSync);
    report.zones.push({ ...ours, records: remote.length, inSync: inSync.length, problem: null });
  }
  return report;
}

async function listZone(accounts: Accounts, { account, zoneId }: RecordRow): Promise<RemoteRecord[]> {
  return listRemote((await accounts.reach(account)).api, zoneId);
}

function pair(record: RemoteRecord): [string, RemoteRecord][] {
  const { id } = readComment(record.comment ?? '');
  return id === undefined ? [] : [[id, record]];
}

function compare(row: RecordRow, mine: RemoteRecord | undefined, byId: ReadonlyMap<string, RemoteRecord>): SyncedRecord {
  const { name, type, project } = row;
  const leaving = row.state === 'deleting' && row.exposure === null;
  const problem = leaving ? 'Its deletion was not finished. Delete it again.' : row.lastError;
  const base = { name, type, project, drift: [] as string[], mended: false, problem };
  if (!mine) return { ...base, state: row.recordId !== null && byId.has(row.recordId) ? 'foreign' : 'missing' };
  const drift = row.state === 'deleting' ? ['deleting'] : driftOf(row.id, row, observedOf(mine));
  return { ...base, state: drift.length === 0 ? 'in_sync' : 'drifted', drift };
}

async function mendOne(records: DnsRecords, row: RecordRow, compared: SyncedRecord): Promise<void> {
  try {
    await records.mend(row);
    compared.mended = true;
  } catch (error) {
    compared.problem = reasonOf(error);
  }
}

async function markSynced(orm: Orm, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  await orm
    .update(cloudflareDnsRecords)
    .set({ lastSyncAt: sql`clock_timestamp()`, state: 'live', lastError: null })
    .where(inArray(cloudflareDnsRecords.id, ids));
}

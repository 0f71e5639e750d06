import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, eq, inArray, isNull, lte, notExists, or, sql } from 'drizzle-orm';
import type { Compute } from './google/compute.js';
import { runningStatuses, type Instance } from './google/resources.js';
import { regionOf } from './rules/estimate.js';
import { ownerLabel, sameLabels, withoutReserved } from './rules/labels.js';
import { gcloudAccounts, gcloudOperations, gcloudVms } from './schema.js';
import { observedOf } from './saga/close.js';
import { isOurs } from './saga/ownership.js';
import type { AccountRow, VmRow } from './saga/rows.js';

/** Where a VM is otherwise than its row says. */
export interface Difference {
  name: string;
  project: string;
  field: string;
  ours: string;
  theirs: string;
}

/** Something that costs money and that no VM uses. */
export interface Leaked {
  name: string;
  location: string;
  /** Its owner label names one of our rows. */
  ours: boolean;
}

export interface Synced {
  account: string;
  inSync: number;
  /** Had a row, and are no longer at Google: their rows are closed. */
  gone: { name: string; project: string }[];
  changed: Difference[];
  /** At Google without a row here. Nothing is done to them. */
  unknown: { name: string; zone: string; status: string; labelled: boolean }[];
  leakedDisks: Leaked[];
  leakedAddresses: Leaked[];
  /** Zones and regions that did not answer: what is there is not known, and none of it is called gone. */
  unreachable: string[];
}

/** Compares rows with what Google has, writes down what it has, and changes nothing there. */
export async function syncAccount(orm: Orm, account: AccountRow, compute: Compute, now: string): Promise<Synced> {
  // Rows first: a VM that is made after this is nobody's unknown, and one without a row then is.
  const rows = await orm
    .select()
    .from(gcloudVms)
    .where(and(eq(gcloudVms.account, account.name), isNull(gcloudVms.endedAt)));
  const { instances, unreachable } = await compute.instances();
  const known = new Map(instances.map((instance) => [`${instance.zone}/${instance.name}`, instance]));
  const answer: Synced = {
    account: account.name,
    inSync: 0,
    gone: [],
    changed: [],
    unknown: [],
    leakedDisks: [],
    leakedAddresses: [],
    unreachable,
  };
  const passOver = (place: string, error: unknown) => {
    // One place that does not answer, or is none of Google's, must not cost what the others say.
    if (!(error instanceof SupervisorError) || !['provider_unavailable', 'not_found'].includes(error.code)) throw error;
    if (!unreachable.includes(place)) unreachable.push(place);
  };
  for (const row of rows) {
    let instance = known.get(`${row.zone}/${row.name}`);
    let maybeGone = !instance && row.state === 'present' && !unreachable.includes(row.zone);
    known.delete(`${row.zone}/${row.name}`);
    // A list may lack one: gone is what is not found by its name either.
    if (maybeGone)
      instance = await compute.instance(row.zone, row.name).catch((error: unknown) => {
        passOver(row.zone, error);
        maybeGone = false;
        return undefined;
      });
    if (instance) {
      const differences = compare(row, instance);
      if (differences.length === 0) answer.inSync++;
      answer.changed.push(...differences);
      if (isOurs(row, instance)) await writeSeen(orm, row, instance, now);
      else answer.unknown.push(unknownOf(instance));
    } else if (maybeGone && (await closeGone(orm, row, now))) answer.gone.push({ name: row.name, project: row.project });
  }
  // Those that got a row meanwhile are known after all.
  const later = await orm.select({ id: gcloudVms.id }).from(gcloudVms).where(eq(gcloudVms.account, account.name));
  const ids = new Set(later.map(({ id }) => id));
  for (const instance of known.values()) if (!ids.has(instance.labels[ownerLabel] ?? '')) answer.unknown.push(unknownOf(instance));
  const zones = [...new Set([...account.zones, ...rows.map((row) => row.zone)])];
  const ask = async <Found>(place: string, found: Promise<Found[]>): Promise<Found[]> => {
    try {
      return await found;
    } catch (error) {
      passOver(place, error);
      return [];
    }
  };
  for (const zone of zones) {
    for (const disk of await ask(zone, compute.disks(zone)))
      if (disk.users.length === 0)
        answer.leakedDisks.push({ name: disk.name, location: zone, ours: ids.has(disk.labels[ownerLabel] ?? '') });
  }
  for (const region of new Set(zones.map(regionOf))) {
    for (const { name, status, users, labels } of await ask(region, compute.addresses(region)))
      if (status === 'RESERVED' && users.length === 0)
        answer.leakedAddresses.push({ name, location: region, ours: ids.has(labels[ownerLabel] ?? '') });
  }
  await orm.update(gcloudAccounts).set({ syncedAt: now }).where(eq(gcloudAccounts.name, account.name));
  return answer;
}

const lookedAtOnce = 20;

/**
 * Looks at VMs whose time is over: Google stops them, and tells nobody. One that cannot be looked at is looked at next time; one that
 * runs on all the same is looked at less and less often, up to once an hour.
 */
export async function lookAtStopped(orm: Orm, computeOf: (row: VmRow) => Promise<Compute>, now: string): Promise<void> {
  const { observed, maxRunSeconds, syncedAt, endedAt, status } = gcloudVms;
  const stopsAt = sql`((${observed} ->> 'lastStartedAt')::timestamptz + make_interval(secs => ${maxRunSeconds}))`;
  const pause = sql`least(${syncedAt} - ${stopsAt}, interval '1 hour')`;
  const due = await orm
    .select()
    .from(gcloudVms)
    .where(
      and(
        isNull(endedAt),
        inArray(status, [...runningStatuses]),
        sql`${stopsAt} <= ${now}::timestamptz`,
        or(isNull(syncedAt), sql`${syncedAt} + ${pause} <= ${now}::timestamptz`),
      ),
    )
    // Those that never answer must not keep the others waiting for ever.
    .orderBy(sql`random()`)
    .limit(lookedAtOnce);
  const look = async (row: VmRow) => {
    const instance = await (await computeOf(row)).instance(row.zone, row.name);
    if (instance && isOurs(row, instance)) await writeSeen(orm, row, instance, now);
  };
  const ends = await Promise.allSettled(due.map(look));
  for (const end of ends) if (end.status === 'rejected' && !(end.reason instanceof SupervisorError)) throw end.reason;
}

function compare(row: VmRow, instance: Instance): Difference[] {
  const at = { name: row.name, project: row.project };
  if (!isOurs(row, instance)) return [{ ...at, field: 'owner', ours: row.id, theirs: instance.labels[ownerLabel] ?? 'none' }];
  if (row.state !== 'present') return [];
  const theirLabels = withoutReserved(instance.labels);
  const wantedStatus = row.desired === 'stopped' ? ['TERMINATED', 'STOPPING'] : runningStatuses;
  const pairs: [string, boolean, string, string][] = [
    ['status', wantedStatus.includes(instance.status), row.desired ?? 'none', instance.status],
    ['machineType', row.machineType === instance.machineType, row.machineType, instance.machineType],
    ['labels', sameLabels(row.labels, theirLabels), JSON.stringify(row.labels), JSON.stringify(theirLabels)],
    ['deletionProtection', row.ephemeral !== instance.deletionProtection, String(!row.ephemeral), String(instance.deletionProtection)],
  ];
  return pairs.flatMap(([field, same, ours, theirs]) => (same ? [] : [{ ...at, field, ours, theirs }]));
}

function unknownOf({ name, zone, status, labels }: Instance): Synced['unknown'][number] {
  return { name, zone, status, labelled: labels[ownerLabel] !== undefined };
}

async function writeSeen(orm: Orm, row: VmRow, instance: Instance, now: string): Promise<void> {
  await orm
    .update(gcloudVms)
    .set(observedOf(instance, now))
    // What an operation has seen since the list was asked for is newer.
    .where(and(eq(gcloudVms.id, row.id), isNull(gcloudVms.endedAt), or(isNull(gcloudVms.syncedAt), lte(gcloudVms.syncedAt, now))));
}

// Only what nothing is under way with: an operation knows better, and ends by itself.
async function closeGone(orm: Orm, row: VmRow, now: string): Promise<boolean> {
  const open = orm
    .select({ one: sql`1` })
    .from(gcloudOperations)
    .where(and(eq(gcloudOperations.vm, gcloudVms.id), isNull(gcloudOperations.endedAt)));
  const gone = await orm
    .update(gcloudVms)
    .set({ state: 'gone', desired: null, status: null, syncedAt: now, endedAt: now, lastError: 'Somebody else deleted it at Google.' })
    .where(and(eq(gcloudVms.id, row.id), eq(gcloudVms.state, 'present'), notExists(open)))
    .returning({ id: gcloudVms.id });
  return gone.length > 0;
}

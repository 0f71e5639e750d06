import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, eq, gte, isNotNull, isNull, like, lt, inArray, or, sql } from 'drizzle-orm';
import { metrics, sampleMinutes } from './google/metrics.js';
import type { Monitoring } from './google/monitoring.js';
import { healthThresholds, judge, type Health } from './rules/thresholds.js';
import { gcloudAccounts, gcloudHealthMetrics, gcloudVms } from './schema.js';
import type { AccountRow, VmRow } from './saga/rows.js';

const keptDays = 7;
const dayMilliseconds = 86_400_000;
// Figures come some minutes late; what was read before is not written twice.
const lookBackMinutes = 20;
const batch = 5000;

/** How the account's problem begins when its figures could not be read: then, and only then, a good reading ends it. */
const noFigures = 'Figures could not be read: ';

/** An account whose problem, if it has one, is of its figures: another one is not written over, nor ended. */
function mayNoteFigures(account: string) {
  const { name, lastError } = gcloudAccounts;
  return and(eq(name, account), or(isNull(lastError), like(lastError, `${noFigures}%`)));
}

export interface Reading {
  metric: string;
  unit: string;
  /** Null: there is no figure, and `reason` says why. Never 0 for that. */
  value: number | null;
  at: string | null;
  state: Health | 'absent' | null;
  reason: string | null;
  points: { at: string; value: number }[];
}

export interface VmHealth {
  name: string;
  project: string;
  status: string | null;
  readings: Reading[];
  thresholds: Record<string, { warning: number; critical: number }>;
}

/** Reads the figures of all VMs of an account, and keeps those of ours. */
export async function sampleAccount(
  orm: Orm,
  account: AccountRow,
  monitoring: Monitoring,
  now: Date,
): Promise<{ vms: number; samples: number }> {
  const vms = await orm
    .select({ id: gcloudVms.id, instanceId: gcloudVms.instanceId })
    .from(gcloudVms)
    .where(and(eq(gcloudVms.account, account.name), isNull(gcloudVms.endedAt), isNotNull(gcloudVms.instanceId)));
  if (vms.length === 0) {
    await orm.update(gcloudAccounts).set({ lastError: null }).where(mayNoteFigures(account.name));
    return { vms: 0, samples: 0 };
  }
  const ids = new Map(vms.map(({ id, instanceId }) => [instanceId!, id]));
  // Google's intervals end where the question does: another end would be other figures for the same time.
  const period = sampleMinutes * 60_000;
  const to = new Date(Math.floor(now.getTime() / period) * period);
  const from = new Date(to.getTime() - lookBackMinutes * 60_000);
  let samples = 0;
  for (const metric of metrics) {
    const read = await monitoring.read(metric, from, to);
    const values = read.flatMap(({ instanceId, at, value }) => {
      const vm = ids.get(instanceId);
      return vm === undefined ? [] : [{ vm, metric: metric.name, at, value }];
    });
    if (values.length === 0) continue;
    const written = await orm.insert(gcloudHealthMetrics).values(values).onConflictDoNothing().returning({ at: gcloudHealthMetrics.at });
    samples += written.length;
  }
  await orm.update(gcloudAccounts).set({ lastError: null }).where(mayNoteFigures(account.name));
  return { vms: vms.length, samples };
}

/** The figures of a VM since an instant, the newest judged. */
export async function readHealth(orm: Orm, vm: VmRow, since: Date, now: Date): Promise<VmHealth> {
  const rows = await orm
    .select({ metric: gcloudHealthMetrics.metric, at: gcloudHealthMetrics.at, value: gcloudHealthMetrics.value })
    .from(gcloudHealthMetrics)
    .where(and(eq(gcloudHealthMetrics.vm, vm.id), gte(gcloudHealthMetrics.at, since.toISOString())))
    .orderBy(asc(gcloudHealthMetrics.at));
  const fresh = now.getTime() - 3 * lookBackMinutes * 60_000;
  const readings = metrics.map(({ name, unit, absent }): Reading => {
    const points = rows.filter((row) => row.metric === name).map(({ at, value }) => ({ at, value }));
    const newest = points.at(-1);
    if (newest && Date.parse(newest.at) >= fresh)
      return { metric: name, unit, value: newest.value, at: newest.at, state: judge(name, newest.value) ?? null, reason: null, points };
    return { metric: name, unit, value: null, at: newest?.at ?? null, state: 'absent', reason: whyAbsent(vm, absent), points };
  });
  return { name: vm.name, project: vm.project, status: vm.status, readings, thresholds: { ...healthThresholds } };
}

/** Forgets what is older than seven days. @returns how many figures went */
export async function pruneHealth(orm: Orm, now: Date): Promise<number> {
  const old = new Date(now.getTime() - keptDays * dayMilliseconds).toISOString();
  let gone = 0;
  for (;;) {
    const due = orm
      .select({ row: sql`ctid` })
      .from(gcloudHealthMetrics)
      .where(lt(gcloudHealthMetrics.at, old))
      .limit(batch);
    const deleted = await orm
      .delete(gcloudHealthMetrics)
      .where(inArray(sql`ctid`, due))
      .returning({ at: gcloudHealthMetrics.at });
    gone += deleted.length;
    if (deleted.length < batch) return gone;
  }
}

/** Samples the accounts whose figures are due. What hinders one is written in its row. */
export async function sampleDue(orm: Orm, monitoringOf: (account: AccountRow) => Monitoring, now: () => Date): Promise<void> {
  for (const account of await claimSamples(orm, now()))
    await sampleAccount(orm, account, monitoringOf(account), now()).catch(async (error: unknown) => {
      if (!(error instanceof SupervisorError)) throw error;
      await orm
        .update(gcloudAccounts)
        .set({ lastError: `${noFigures}${error.message}` })
        .where(mayNoteFigures(account.name));
    });
}

// Each is given to one caller only.
async function claimSamples(orm: Orm, now: Date): Promise<AccountRow[]> {
  const due = new Date(now.getTime() - sampleMinutes * 60_000).toISOString();
  const running = orm
    .select({ name: gcloudVms.account })
    .from(gcloudVms)
    .where(and(isNull(gcloudVms.endedAt), eq(gcloudVms.status, 'RUNNING')));
  return orm
    .update(gcloudAccounts)
    .set({ sampledAt: now.toISOString() })
    .where(
      and(
        inArray(gcloudAccounts.name, running),
        sql`(${gcloudAccounts.sampledAt} is null or ${gcloudAccounts.sampledAt} <= ${due}::timestamptz)`,
      ),
    )
    .returning();
}

function whyAbsent({ status, state }: VmRow, reason: string | undefined): string {
  if (status !== 'RUNNING') return `The VM is ${status ?? state}: only one that runs has figures.`;
  return reason ?? 'Cloud Monitoring has no figure yet: the first ones come some minutes after a start.';
}

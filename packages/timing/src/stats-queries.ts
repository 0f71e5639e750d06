import { SupervisorError } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { and, count, desc, eq, gte, inArray, lt, lte, sql, type SQL } from 'drizzle-orm';
import { Histogram } from './estimate/histogram.js';
import { rollupKinds, type Part, type RollupKind } from './rollup-keys.js';
import { taskExecutions, taskRollups } from './schema.js';
import { noTally, statsOf, type Stats, type Tally } from './stats.js';

export interface StatsFilter {
  project?: string | undefined;
  type?: string | undefined;
  agent?: string | undefined;
  model?: string | undefined;
  /** First day of the end, in UTC, as 2026-01-31. */
  since?: string | undefined;
  /** Last day of the end. */
  until?: string | undefined;
  /** From the tasks themselves instead of the rollups, which are within 10 %. */
  exact?: boolean | undefined;
}

export type GroupBy = Part;
export type GroupedStats = Stats & { key: string };

// What a database reads in a tenth of a second.
const mostRows = 20_000;
const mostGroups = 100;

/** What the tasks that match took: from the rollups where one covers the question, else from the tasks themselves. */
export async function readStats(orm: Orm, filter: StatsFilter, by: GroupBy | undefined): Promise<GroupedStats[]> {
  const kind = filter.exact === true ? undefined : await coveringKind(orm, filter, by);
  if (kind !== undefined) return fromRollups(orm, kind, filter, by);
  await refuseTooMany(orm, filter);
  return fromTasks(orm, filter, by);
}

/** The rollup with the fewest parts that has all that is asked for. */
async function coveringKind(orm: Orm, filter: StatsFilter, by: GroupBy | undefined): Promise<RollupKind | undefined> {
  const asked = new Set<Part>(by === undefined ? [] : [by]);
  for (const part of ['project', 'type', 'agent', 'model'] as const) if (filter[part] !== undefined) asked.add(part);
  if (filter.since !== undefined || filter.until !== undefined) asked.add('day');
  const covering = Object.entries(rollupKinds).filter(
    // The rollup that has all parts has too many rows to add up.
    ([kind, parts]) => kind !== 'agent' && [...asked].every((part) => (parts as readonly Part[]).includes(part)),
  );
  const kinds = covering.toSorted(([, a], [, b]) => a.length - b.length).map(([kind]) => kind as RollupKind);
  if (!asked.has('day') || asked.size > 1) return kinds[0];
  // Days alone are in those of the projects and in those of the types: of many projects and few types, the latter are fewer to add up.
  const [smallest] = await orm
    .select({ kind: taskRollups.kind })
    .from(taskRollups)
    .where(and(inArray(taskRollups.kind, kinds), ...ofDays(filter)))
    .groupBy(taskRollups.kind)
    .orderBy(count())
    .limit(1);
  return smallest?.kind ?? kinds[0];
}

async function fromRollups(orm: Orm, kind: RollupKind, filter: StatsFilter, by: GroupBy | undefined): Promise<GroupedStats[]> {
  const parts: readonly Part[] = rollupKinds[kind];
  const where = [eq(taskRollups.kind, kind)];
  for (const part of ['project', 'type', 'agent', 'model'] as const) {
    // A part that does not matter is empty: said too, it lets the primary key answer.
    const value = parts.includes(part) ? filter[part] : '';
    if (value !== undefined) where.push(eq(taskRollups[part], value));
  }
  where.push(...ofDays(filter));
  if (by === 'day') {
    const latest = orm
      .selectDistinct({ day: taskRollups.day })
      .from(taskRollups)
      .where(and(...where));
    const days = latest.orderBy(desc(taskRollups.day)).limit(mostGroups).as('latest');
    // From the first of them on, not each by itself: without statistics that would be looked for again at every row.
    where.push(sql`${taskRollups.day} >= (select min(${days.day}) from ${days})`);
  }
  const found = await orm
    .select()
    .from(taskRollups)
    .where(and(...where));
  const tallies = new Map<string, Tally>();
  const tallyOf = (key: string) => tallies.get(key) ?? tallies.set(key, noTally()).get(key)!;
  for (const row of found) {
    const tally = tallyOf(by === undefined ? '' : row[by]);
    if (row.seconds.length > 0) tally.rollups++;
    tally.completed += row.completed;
    tally.failed += row.failed;
    tally.abandoned += row.abandoned;
    tally.totalSeconds += row.totalSeconds;
    tally.seconds.add(new Histogram(row.seconds).bins);
    tally.ratios.add(new Histogram(row.ratios).bins);
  }
  // What still runs is not in a rollup, and on no day.
  if (filter.since === undefined && filter.until === undefined && by !== 'day') {
    const key = by === undefined ? sql`''` : sql`coalesce(${taskExecutions[by]}, '')`;
    const running = await rows<{ key: string; running: number }>(
      orm,
      sql`select ${key} as key, count(*)::int as running from ${taskExecutions}
        where ${and(sql`status = 'running'`, ...conditions(filter))} group by 1`,
    );
    for (const row of running) tallyOf(row.key).running = row.running;
  }
  return inOrder(
    [...tallies].map(([key, tally]) => ({ key, ...statsOf(tally) })),
    by,
  );
}

function ofDays({ since, until }: StatsFilter): SQL[] {
  return [...(since === undefined ? [] : [gte(taskRollups.day, since)]), ...(until === undefined ? [] : [lte(taskRollups.day, until)])];
}

function inOrder(groups: GroupedStats[], by: GroupBy | undefined): GroupedStats[] {
  const ordered = groups.toSorted((a, b) => (by === 'day' ? b.key.localeCompare(a.key) : b.count - a.count || a.key.localeCompare(b.key)));
  return ordered.slice(0, mostGroups);
}

async function refuseTooMany(orm: Orm, filter: StatsFilter): Promise<void> {
  const [found] = await rows<{ count: number }>(
    orm,
    sql`select count(*)::int as count from (select 1 from ${taskExecutions} where ${and(sql`true`, ...conditions(filter))} limit ${mostRows + 1}) as found`,
  );
  if (found!.count <= mostRows) return;
  throw new SupervisorError(
    'too_large',
    `More than ${mostRows} tasks match. Narrow it with since and until, or ask by project and type, by agent and model, or by day of a project or type.`,
  );
}

async function fromTasks(orm: Orm, filter: StatsFilter, by: GroupBy | undefined): Promise<GroupedStats[]> {
  const key =
    by === undefined
      ? sql`''`
      : by === 'day'
        ? sql`coalesce(to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD'), '')`
        : sql`coalesce(${taskExecutions[by]}, '')`;
  const completed = sql`status = 'completed'`;
  const percentile = (share: number) =>
    sql`percentile_cont(${share}::float8) within group (order by duration_seconds) filter (where ${completed})`;
  const order = by === 'day' ? sql`1 desc` : sql`count(*) desc, 1`;
  const found = await rows<GroupedStats & { recentSeconds: number | null }>(
    orm,
    sql`select key, count(*)::int as count,
      (count(*) filter (where ${completed}))::int as completed,
      (count(*) filter (where status = 'failed'))::int as failed,
      (count(*) filter (where status = 'abandoned'))::int as abandoned,
      (count(*) filter (where status = 'running'))::int as running,
      (count(*) filter (where ${completed}))::float8 / nullif(count(*) filter (where status <> 'running'), 0) as "successRate",
      avg(duration_seconds) filter (where ${completed}) as "meanSeconds",
      ${percentile(0.5)} as "p50Seconds", ${percentile(0.8)} as "p80Seconds", ${percentile(0.9)} as "p90Seconds",
      percentile_cont(0.5) within group (order by duration_seconds / nullif(estimated_seconds, 0))
        filter (where ${completed} and estimated_seconds >= 0.001) as "actualToEstimate",
      percentile_cont(0.5) within group (order by duration_seconds) filter (where ${completed} and latest <= 300) as "recentSeconds"
      from (select *, ${key} as key, row_number() over (partition by ${key}, status order by ended_at desc) as latest
        from ${taskExecutions} where ${and(sql`true`, ...conditions(filter))}) as task_executions
      group by key order by ${order} limit ${mostGroups}`,
  );
  return found.map(({ recentSeconds, ...stats }) => ({
    ...stats,
    trend: stats.p50Seconds && recentSeconds !== null ? recentSeconds / stats.p50Seconds : null,
  }));
}

/** What the tasks themselves must be. */
export function conditions(filter: Omit<StatsFilter, 'exact'> & { status?: string | undefined }): SQL[] {
  const { project, type, status, agent, model, since, until } = filter;
  const equal = Object.entries({ project, type, status, agent, model }).flatMap(([column, value]) =>
    value === undefined ? [] : [eq(taskExecutions[column as 'project'], value)],
  );
  if (since !== undefined) equal.push(gte(taskExecutions.endedAt, `${since}T00:00:00Z`));
  if (until !== undefined) equal.push(lt(taskExecutions.endedAt, sql`${`${until}T00:00:00Z`}::timestamptz + interval '24 hours'`));
  return equal;
}

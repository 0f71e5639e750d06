import type { Orm } from '@supervisor/db';
import { and, eq, inArray } from 'drizzle-orm';
import type { Allocation, LiveAllocation, Orphan } from './allocation.js';
import { judge, sight, type ProjectOf } from './evidence.js';
import { advise, rangeAt, type Explanation } from './explain.js';
import { thisHost } from './host.js';
import type { Listener } from './listener.js';
import { shown } from './queries.js';
import { portAllocations, portQuarantine, portRanges } from './schema.js';
import { findGone, type Copy } from './worktrees.js';

type Row = Allocation & { host: string | null };

/**
 * Puts allocations beside what listens; null when that cannot be seen. Those of another host are `unknown`.
 * @param gone the copies whose worktree on this host is gone
 */
export function withEvidence(
  rows: readonly Row[],
  listeners: readonly Listener[] | null,
  projectOf: ProjectOf,
  gone: readonly Copy[],
): LiveAllocation[] {
  return rows.map(({ host, ...row }) => {
    const here = listeners !== null && host === thisHost();
    const evidence = judge(row, here ? listeners.filter(({ port }) => port === row.port) : null, projectOf);
    const isGone = evidence.state === 'idle' && gone.some(({ project, instance }) => project === row.project && instance === row.instance);
    return { ...row, ...evidence, ...(isGone ? { state: 'gone' } : {}) };
  });
}

/** What listens in a known project's folder or range on a port that nobody was given. */
export async function findOrphans(orm: Orm, listeners: readonly Listener[], projectOf: ProjectOf, only?: string): Promise<Orphan[]> {
  const ports = [...new Set(listeners.map(({ port }) => port))];
  if (ports.length === 0) return [];
  const held = await orm.select({ port: portAllocations.port }).from(portAllocations).where(inArray(portAllocations.port, ports));
  const given = new Set(held.map(({ port }) => port));
  const ranges = await orm.select().from(portRanges);
  const orphans = listeners.flatMap((listener): Orphan[] => {
    if (given.has(listener.port)) return [];
    const seen = sight(listener, projectOf);
    const known = ranges.some(({ project }) => project === seen.project) ? seen.project : null;
    const project = known ?? rangeAt(ranges, listener.port)?.project;
    return project === undefined || (only !== undefined && project !== only) ? [] : [{ port: listener.port, ...seen }];
  });
  // One server may listen on an address of each family.
  const firsts = orphans.filter(({ port }, index) => orphans.findIndex((other) => other.port === port) === index);
  return firsts.toSorted((a, b) => a.port - b.port);
}

/** Everything known of one port. `only` is the one project that the caller may hear of. */
export async function explainPort(
  orm: Orm,
  port: number,
  listeners: readonly Listener[] | null,
  projectOf: ProjectOf,
  only?: string,
): Promise<Explanation> {
  const host = thisHost();
  const [allocations, ranges, quarantine] = await Promise.all([
    orm
      .select({ ...shown, host: portAllocations.host })
      .from(portAllocations)
      .where(eq(portAllocations.port, port)),
    orm.select().from(portRanges),
    orm
      .select()
      .from(portQuarantine)
      .where(and(eq(portQuarantine.host, host), eq(portQuarantine.port, port))),
  ]);
  const quarantinedUntil = quarantine[0]?.until ?? null;
  const range = rangeAt(ranges, port)?.project ?? null;
  const [row] = allocations;
  if (!row) {
    const listener = listeners?.[0] ? sight(listeners[0], projectOf) : null;
    const state = listeners === null || (listener && listener.pid === null) ? 'unknown' : listener ? 'orphan' : 'free';
    return explain({ port, state, allocation: null, range, listener, quarantinedUntil }, only);
  }
  const gone = await findGone(orm, host, row.project);
  const [{ state, listener, ...allocation }] = withEvidence([row], listeners, projectOf, gone) as [LiveAllocation];
  return explain({ port, state, allocation, range, listener, quarantinedUntil }, only);
}

function explain(facts: Omit<Explanation, 'advice'>, only: string | undefined): Explanation {
  const owner = facts.allocation?.project ?? facts.listener?.project ?? facts.range;
  if (only === undefined || owner === null || owner === only) return { ...facts, advice: advise(facts) };
  const { port, state } = facts;
  const advice = `${port} is another project's. Ask for a port of ${only} (allocate_port).`;
  return { port, state, allocation: null, range: null, listener: null, quarantinedUntil: null, advice };
}

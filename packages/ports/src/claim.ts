import { rows, type Orm } from '@supervisor/db';
import { and, eq, sql, type SQL } from 'drizzle-orm';
import type { Allocation } from './allocation.js';
import { portAllocations } from './schema.js';

const quarantineSeconds = 30;

export interface ClaimRequest {
  project: string;
  instance: string;
  service: string;
  description: string | null;
  /** The caller's host; null where it cannot be looked at. */
  host: string | null;
  /** Nobody is told of a new port before it is probed and confirmed. */
  probing: boolean;
  /** Length of a lease; null: for good. */
  seconds: number | null;
  /** The time to count from; null: the database's own. */
  at: string | null;
}

export interface Claim extends Allocation {
  pending: boolean;
  created: boolean;
}

/** The port a service has, a lease renewed, or the lowest free one of its range: one round trip. Undefined: no range, or it is full. */
export async function claimPort(orm: Orm, request: ClaimRequest): Promise<Claim | undefined> {
  const { project, instance, service, description, host, probing, seconds, at } = request;
  const [row] = await rows<ClaimRow>(
    orm,
    sql`select * from supervisor.claim_port(${project}, ${instance}, ${service}, ${description}, ${host}, ${probing}, ${seconds}::integer, ${at}::timestamptz)`,
  );
  if (!row) return undefined;
  const { port, pinned, pending, created } = row;
  return {
    port,
    project,
    instance,
    service,
    pinned,
    description: row.description,
    createdAt: toInstant(row.created_at)!,
    expiresAt: toInstant(row.expires_at),
    lastSeenAt: toInstant(row.last_seen_at),
    pending,
    created,
  };
}

interface ClaimRow {
  port: number;
  pinned: boolean;
  description: string | null;
  created_at: string;
  expires_at: string | null;
  last_seen_at: string | null;
  pending: boolean;
  created: boolean;
}

/** Makes a probed port its service's. @returns false when another call for the same service has decided meanwhile */
export async function confirmClaim(orm: Orm, claim: Claim): Promise<boolean> {
  const confirmed = await orm
    .update(portAllocations)
    .set({ pending: false })
    .where(stillPending(claim))
    .returning({ port: portAllocations.port });
  return confirmed.length > 0;
}

/** Takes a port back that somebody else was found on, and keeps it from being given for half a minute. */
export async function rejectClaim(orm: Orm, claim: Claim, host: string, at: string | null): Promise<void> {
  await orm.execute(sql`
    with gone as (delete from ${portAllocations} where ${stillPending(claim)} returning port)
    insert into supervisor.port_quarantine (host, port, until)
      select ${host}, port, ${timeOf(at)} + make_interval(secs => ${quarantineSeconds}) from gone
      on conflict (host, port) do update set until = excluded.until`);
}

/** The given time, or the database's own. */
export function timeOf(at: string | null): SQL {
  return at === null ? sql`clock_timestamp()` : sql`${at}::timestamptz`;
}

/** Says anew what a port is for. */
export async function describeAllocation(orm: Orm, allocation: Allocation, description: string): Promise<void> {
  await orm.update(portAllocations).set({ description }).where(stillOf(allocation));
}

function stillPending(claim: Claim): SQL | undefined {
  return and(stillOf(claim), eq(portAllocations.pending, true));
}

function stillOf({ port, project, instance, service }: Allocation): SQL | undefined {
  return and(
    eq(portAllocations.port, port),
    eq(portAllocations.project, project),
    eq(portAllocations.instance, instance),
    eq(portAllocations.service, service),
  );
}

function toInstant(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}

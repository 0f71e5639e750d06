import { rows, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { timeOf } from './claim.js';

/** What one sweep did: allocations that went back, with their ports. */
export interface Swept {
  freed: { port: number; project: string; instance: string; service: string }[];
  /** Leases that are over but for which something still listens, or that were seen idle only once. */
  waiting: number;
}

const betweenSweeps = 60;
const batch = 500;
// The host of such a lease is gone, or no service runs there any more.
const abandonedSeconds = 86_400;
const probeSeconds = 60;

/**
 * Takes back leases of this host that are over and whose port two sweeps at least a minute apart saw idle, and claims whose caller
 * died before they were probed. Replicas may sweep at once: what it looks at is locked, re-checked and changed in one statement
 * that passes over what another one has locked, so that nothing is left to fence.
 * @param listening the ports that anybody listens on here; null where that cannot be seen: then nothing of this host is taken back.
 */
export async function sweepLeases(orm: Orm, host: string, listening: readonly number[] | null, at: string | null): Promise<Swept> {
  const time = timeOf(at);
  const busy = sql`${`{${(listening ?? []).join(',')}}`}::integer[]`;
  // What cannot be looked at from anywhere goes by its time alone.
  const mine = listening === null ? sql`false` : sql`host = ${host}`;
  const query = sql`
    with due as (
      select port, sweeps, coalesce(host = ${host} and port = any (${busy}), false) as listens from supervisor.port_allocations
      where expires_at <= ${time} and (swept_at is null or swept_at <= ${time} - make_interval(secs => ${betweenSweeps}))
        and (${mine} or host is null or expires_at <= ${time} - make_interval(secs => ${abandonedSeconds}))
      order by expires_at limit ${batch} for update skip locked
    ), freed as (
      delete from supervisor.port_allocations a using due where a.port = due.port and not due.listens and due.sweeps >= 1
      returning a.port, a.project, a.instance, a.service
    ), waiting as (
      update supervisor.port_allocations a set sweeps = case when due.listens then 0 else 1 end, swept_at = ${time}
      from due where a.port = due.port and (due.listens or due.sweeps < 1)
      returning a.port
    )
    select port, project, instance, service, null::int as waiting from freed
    union all select null, null, null, null, count(*)::int from waiting`;
  const answer = await rows<{ port: number | null; project: string; instance: string; service: string; waiting: number | null }>(
    orm,
    query,
  );
  const freed = answer.flatMap(({ port, project, instance, service }) => (port === null ? [] : [{ port, project, instance, service }]));
  await tidy(orm, host, listening, at);
  return { freed, waiting: answer.find(({ port }) => port === null)?.waiting ?? 0 };
}

async function tidy(orm: Orm, host: string, listening: readonly number[] | null, at: string | null): Promise<void> {
  const time = timeOf(at);
  await orm.execute(sql`delete from supervisor.port_quarantine where until <= ${time}`);
  await orm.execute(
    sql`delete from supervisor.port_allocations where pending and created_at <= clock_timestamp() - make_interval(secs => ${probeSeconds})`,
  );
  // However a copy's last port went: each one that is known is looked up on disk whenever ports are listed.
  await orm.execute(sql`
    delete from supervisor.port_worktrees where ctid in (
      select w.ctid from supervisor.port_worktrees w
      where not exists (select from supervisor.port_allocations a where a.project = w.project and a.instance = w.instance)
      for update skip locked
    )`);
  if (listening === null || listening.length === 0) return;
  await orm.execute(sql`
    update supervisor.port_allocations set last_seen_at = ${time}
    where port in (
      select port from supervisor.port_allocations where host = ${host} and port = any (${`{${listening.join(',')}}`}::integer[])
      order by port for update skip locked
    )`);
}

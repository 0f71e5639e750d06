-- Candidates were all read and sorted before the first was tried.
-- Gives a service the lowest free port of its project's range, or the port it already has: a lease is renewed by it. No row: there is no range, or it is full.
-- A candidate that another call is just taking is skipped, not waited for. Lock and insert are separate statements, so that under READ COMMITTED the
-- insert sees what the lock's last holder committed.
create or replace function supervisor.claim_port(
  for_project text, for_instance text, for_service text, for_description text,
  -- The caller's host, null where it cannot be looked at; whether the port is probed before anybody is told of it.
  for_host text, probing boolean,
  -- Null: given for good. The time to count from, null for now.
  for_seconds integer, at timestamptz
) returns table (
  port integer, pinned boolean, description text, created_at timestamptz, expires_at timestamptz, last_seen_at timestamptz, pending boolean, created boolean
) language plpgsql as $$
#variable_conflict use_column
declare
  span supervisor.port_ranges;
  held supervisor.port_allocations;
  candidate integer;
  skipped boolean;
  is_new boolean := false;
begin
  at := coalesce(at, clock_timestamp());
  for attempt in 1..50 loop
    select * into held from supervisor.port_allocations a
      where a.project = for_project and a.instance = for_instance and a.service = for_service;
    if found then
      if held.lease_seconds is not null or (held.pending and not probing) or held.host is distinct from coalesce(for_host, held.host) then
        update supervisor.port_allocations a set
          lease_seconds = case when a.lease_seconds is null then null else coalesce(for_seconds, a.lease_seconds) end,
          expires_at = at + make_interval(secs => case when a.lease_seconds is null then null else coalesce(for_seconds, a.lease_seconds) end),
          host = coalesce(for_host, a.host), pending = a.pending and probing, sweeps = 0
          where a.port = held.port and a.project = for_project and a.instance = for_instance and a.service = for_service
          returning * into held;
        -- A sweep took it back at this very moment.
        continue when not found;
      end if;
      exit;
    end if;
    if span.id is null then
      select * into span from supervisor.port_ranges r where r.project = for_project;
      if not found then return; end if;
    end if;
    skipped := false;
    for candidate in
      -- Made one by one, in order, and looked up one by one: the first few are all that is ever read.
      select c from (select generate_series(span.first, span.last) as c) as series
      where c <> all (span.denied)
        and (select true from supervisor.port_allocations taken where taken.port = c) is null
        and (for_host is null or (select true from supervisor.port_quarantine q where q.host = for_host and q.port = c and q.until > at) is null)
    loop
      if not pg_try_advisory_xact_lock(7385003, candidate) then
        skipped := true;
        continue;
      end if;
      insert into supervisor.port_allocations as a (port, project, instance, service, description, host, pending, lease_seconds, expires_at)
        values (candidate, for_project, for_instance, for_service, for_description, for_host, probing, for_seconds, at + make_interval(secs => for_seconds))
        on conflict do nothing
        returning * into held;
      is_new := found;
      exit when is_new;
      -- Either the port was taken since the candidates were read, or the same service got another one.
      select * into held from supervisor.port_allocations a
        where a.project = for_project and a.instance = for_instance and a.service = for_service;
      exit when found;
    end loop;
    exit when is_new;
    -- Everything free is being taken by others, who may yet fail.
    if held.port is null then
      if not skipped then return; end if;
      perform pg_sleep(0.01);
    end if;
  end loop;
  if held.port is not null then
    return query select held.port, held.pinned, held.description, held.created_at, held.expires_at, held.last_seen_at, held.pending, is_new;
  end if;
end $$;

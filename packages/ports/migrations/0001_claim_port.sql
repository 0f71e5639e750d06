-- Gives a service the lowest free port of its project's range, or the port it already has. No row: there is no range, or it is full.
-- The lock and the insert are separate statements, so that under READ COMMITTED the insert sees what the lock's last holder committed.
create function supervisor.claim_port(for_project text, for_instance text, for_service text, for_description text)
returns table (port integer, pinned boolean, description text, created_at timestamptz, created boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  span supervisor.port_ranges;
begin
  for attempt in 1..5 loop
    return query select a.port, a.pinned, a.description, a.created_at, false from supervisor.port_allocations a
      where a.project = for_project and a.instance = for_instance and a.service = for_service;
    if found then return; end if;
    if span.id is null then
      select * into span from supervisor.port_ranges r where r.project = for_project;
      if span.id is null then return; end if;
      perform pg_advisory_xact_lock(7385002, span.id);
      continue;
    end if;
    return query insert into supervisor.port_allocations as a (port, project, instance, service, description)
      select candidate, for_project, for_instance, for_service, for_description
      from generate_series(span.first, span.last) as candidate
      where candidate <> all (span.denied) and not exists (select from supervisor.port_allocations taken where taken.port = candidate)
      order by candidate limit 1
      -- Somebody pins a port of this range, or the same service a port elsewhere, at this very moment: look again.
      on conflict do nothing
      returning a.port, a.pinned, a.description, a.created_at, true;
    if found then return; end if;
  end loop;
end $$;

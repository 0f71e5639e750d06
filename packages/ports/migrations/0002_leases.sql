CREATE TABLE "supervisor"."port_quarantine" (
	"host" text NOT NULL,
	"port" integer NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "port_quarantine_host_port_pk" PRIMARY KEY("host","port")
);
--> statement-breakpoint
ALTER TABLE "supervisor"."port_allocations" ADD COLUMN "host" text;--> statement-breakpoint
ALTER TABLE "supervisor"."port_allocations" ADD COLUMN "pending" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "supervisor"."port_allocations" ADD COLUMN "lease_seconds" integer;--> statement-breakpoint
ALTER TABLE "supervisor"."port_allocations" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "supervisor"."port_allocations" ADD COLUMN "last_seen_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "supervisor"."port_allocations" ADD COLUMN "sweeps" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "supervisor"."port_allocations" ADD COLUMN "swept_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "supervisor"."port_ranges" ADD COLUMN "start" integer DEFAULT 3000 NOT NULL;--> statement-breakpoint
CREATE INDEX "port_allocations_expiry" ON "supervisor"."port_allocations" USING btree ("expires_at") WHERE "supervisor"."port_allocations"."expires_at" is not null;--> statement-breakpoint
ALTER TABLE "supervisor"."port_allocations" ADD CONSTRAINT "port_allocations_lease" CHECK (("supervisor"."port_allocations"."lease_seconds" is null) = ("supervisor"."port_allocations"."expires_at" is null));--> statement-breakpoint
-- Ranges made before conventional ports were left out of them.
update supervisor.port_ranges set denied = array(
  select distinct port from unnest(denied || '{3306,3389,4200,4222,4317,4318,4444,5000,5173,5432,5601,5672,5900,6006,6379,6443,7000,7474,7687,8000,8080,8081,8086,8200,8443,8500,8888,9090,9092,9200,9229,9300,9418,11211,11434,15672,19006,26257,27017,50051}'::integer[]) as port
  where port between first and last order by port);
--> statement-breakpoint
-- Gives a service the lowest free port of its project's range, or the port it already has: a lease is renewed by it. No row: there is no range, or it is full.
-- The four-argument form stays for services of the version before that share the database.
-- A candidate that another call is just taking is skipped, not waited for. Lock and insert are separate statements, so that under READ COMMITTED the
-- insert sees what the lock's last holder committed.
create function supervisor.claim_port(
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
      select c from generate_series(span.first, span.last) as c
      where c <> all (span.denied)
        and not exists (select from supervisor.port_allocations taken where taken.port = c and taken.port between span.first and span.last)
        and not exists (select from supervisor.port_quarantine q where q.host = for_host and q.port = c and q.until > at)
      order by c
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

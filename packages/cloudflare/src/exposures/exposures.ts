import { randomUUID } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import { claim, holds, leaseFor, renew, type Orm } from '@supervisor/db';
import { and, asc, eq, gt, inArray, isNotNull, ne, sql } from 'drizzle-orm';
import { writeInto, type Accounts, type FoundZone } from '../accounts.js';
import { leaseSeconds } from '../alone.js';
import { unavailable } from '../api/failure.js';
import type { Time } from '../api/time.js';
import type { DnsRecords } from '../dns/dns-records.js';
import type { PageOptions } from '../dns/listing.js';
import { dnsName } from '../dns/name.js';
import { isFinal, reasonOf } from '../failure.js';
import { cloudflareDnsRecords, cloudflareExposures, cloudflareTunnels } from '../schema.js';
import type { TunnelRoutes } from '../tunnels/routes.js';
import type { TunnelRow, Tunnels } from '../tunnels/tunnels.js';
import { steps, type ExposeRequest, type Exposure, type ExposureState, type Step } from './exposure.js';
import { shownExposure } from './shown.js';
import { checkAccess, ruleOf, targetOf } from './wanted.js';

export type ExposureRow = typeof cloudflareExposures.$inferSelect;

/** The port of a service, allocated when needed, or the service of a port. @throws SupervisorError when it must not be exposed */
export type PortOf = (request: {
  project: string;
  instance?: string | undefined;
  service?: string | undefined;
  port?: number | undefined;
}) => Promise<{ service: string; port: number }>;

export interface ExposureParts {
  orm: Orm;
  accounts: Accounts;
  records: DnsRecords;
  tunnels: Tunnels;
  routes: TunnelRoutes;
  portOf: PortOf;
  time: Time;
}

/** Whoever asks is told by then; what was begun is ended, or taken back, without them. */
const patienceMilliseconds = 120_000;
const resumedAtOnce = 20;
const unfinished: ExposureState[] = ['exposing', 'undoing', 'removing'];

/** Services that are reachable from outside. Each is a row first; what is broken off is taken up again, or taken back. */
export class Exposures {
  readonly #parts: ExposureParts;

  constructor(parts: ExposureParts) {
    this.#parts = parts;
  }

  async list({ project, cursor, limit }: { project?: string | undefined } & PageOptions = {}): Promise<ExposureRow[]> {
    const { project: owner, hostname } = cloudflareExposures;
    const wanted = [project === undefined ? undefined : eq(owner, project), cursor === undefined ? undefined : gt(hostname, cursor)];
    const query = this.#parts.orm
      .select()
      .from(cloudflareExposures)
      .where(and(...wanted))
      .orderBy(asc(hostname));
    return limit === undefined ? query : query.limit(limit);
  }

  /** Makes a service reachable under a name: tunnel, rule, record. Asking again mends what is not as it should be. */
  async expose(request: ExposeRequest): Promise<Exposure> {
    const hostname = dnsName(request.hostname);
    if (hostname.startsWith('*')) throw new SupervisorError('invalid_input', 'A service is exposed under one name, not under *.');
    const until = this.#patience();
    const zone = await this.#parts.accounts.zoneOf(hostname);
    checkAccess(request.access, zone.account);
    const { service, port } = await this.#parts.portOf(request);
    const row = await this.#begin({ ...request, hostname, service, port }, zone);
    return this.#forward(row, { zone, until });
  }

  /** Takes a name back: record, rule, and the tunnel when nothing else is in it. Repeating it changes nothing. */
  async unexpose(project: string, hostname: string): Promise<{ removed: boolean; warnings: string[] }> {
    const name = dnsName(hostname);
    const [row] = await this.#parts.orm.select().from(cloudflareExposures).where(eq(cloudflareExposures.hostname, name));
    if (!row) return { removed: false, warnings: [] };
    if (row.project !== project) throw exposedByOther(name);
    const [mine] = await claim(this.#parts.orm, cloudflareExposures, eq(cloudflareExposures.id, row.id), leaseSeconds);
    if (!mine) throw busy(name);
    await this.#save(mine, { state: 'removing' });
    return { removed: true, warnings: await this.#backward(mine, this.#patience()) };
  }

  /**
   * Takes up what was broken off: by a crash, or because Cloudflare could not be reached. Any number of services may call it, each
   * exposure is taken up by one.
   * @param alone nobody else can be at work: leases of a service that is gone count for nothing
   */
  async resume({ alone = false }: { alone?: boolean } = {}): Promise<{ resumed: number; failed: number }> {
    const { orm } = this.#parts;
    if (alone) {
      for (const table of [cloudflareExposures, cloudflareTunnels, cloudflareDnsRecords])
        await orm.update(table).set({ leaseUntil: null }).where(isNotNull(table.leaseUntil));
    }
    const done = { resumed: 0, failed: 0 };
    const open = await claim(orm, cloudflareExposures, inArray(cloudflareExposures.state, unfinished), leaseSeconds, resumedAtOnce);
    for (const row of open) {
      try {
        if (row.state === 'exposing') await this.#forward(row);
        else await this.#backward(row);
        done.resumed++;
      } catch {
        // Its row says why; the next sweep tries again.
        done.failed++;
      }
    }
    return done;
  }

  async #begin(request: ExposeRequest & { service: string; port: number }, { account }: FoundZone): Promise<ExposureRow> {
    const { orm } = this.#parts;
    const { project, instance = '', service, port, hostname, access } = request;
    const values = { id: randomUUID(), account: account.name, project, instance, service, port, hostname, access };
    const [made] = await writeInto(orm, account, (tx) =>
      tx
        .insert(cloudflareExposures)
        .values({ ...values, state: 'exposing', leaseUntil: leaseFor(leaseSeconds), fence: 1 })
        .onConflictDoNothing()
        .returning(),
    );
    if (made) return made;
    const [there] = await orm.select().from(cloudflareExposures).where(eq(cloudflareExposures.hostname, hostname));
    if (!there) throw busy(hostname);
    if (there.project !== project) throw exposedByOther(hostname);
    if (there.service !== service || there.instance !== instance || there.port !== port || there.access !== access)
      throw new SupervisorError(
        'conflict',
        `${hostname} is ${there.access} and leads to ${there.service} on port ${there.port}. Unexpose it first.`,
      );
    const [mine] = await claim(
      orm,
      cloudflareExposures,
      and(eq(cloudflareExposures.id, there.id), inArray(cloudflareExposures.state, ['exposing', 'exposed'])),
      leaseSeconds,
    );
    if (!mine) throw busy(hostname);
    return mine;
  }

  /** @param waiting absent: nobody waits for it */
  async #forward(row: ExposureRow, waiting?: { zone: FoundZone; until: number }): Promise<Exposure> {
    try {
      const zone = waiting?.zone ?? (await this.#parts.accounts.zoneOf(row.hostname));
      let tunnel: TunnelRow | undefined;
      for (const step of steps) {
        await this.#hold(row, waiting?.until);
        tunnel = await this.#do[step](row, zone, tunnel!);
        await this.#save(row, { step });
      }
      const finished = { state: 'exposed' as const, exposedAt: sql<string>`coalesce(exposed_at, clock_timestamp())`, lastError: null };
      await this.#save(row, { ...finished, lastSyncAt: sql<string>`clock_timestamp()`, leaseUntil: null });
      return await this.#describe({ ...row, state: 'exposed' }, tunnel!, zone);
    } catch (error) {
      if (isLost(error)) throw error;
      // Nobody waits for what is taken up again: it was asked for, and is tried until it works or is refused.
      if (row.exposedAt !== null || (waiting === undefined && !isFinal(error))) {
        await this.#save(row, { lastError: reasonOf(error), leaseUntil: null });
        throw error;
      }
      throw await this.#undo(row, error, waiting?.until);
    }
  }

  readonly #do: Record<Step, (row: ExposureRow, zone: FoundZone, tunnel: TunnelRow) => Promise<TunnelRow>> = {
    tunnel: async (_row, zone) => this.#parts.tunnels.ensure(zone),
    route: async (row, zone, tunnel) => {
      await this.#parts.routes.put(row.project, tunnel, ruleOf(row, zone.account), row.id);
      return tunnel;
    },
    record: async (row, _zone, tunnel) => {
      const wish = {
        name: row.hostname,
        type: 'CNAME' as const,
        content: targetOf(tunnel),
        proxied: true,
        note: `${row.project}/${row.service}`,
      };
      await this.#parts.records.upsert(row.project, wish, row.id);
      return tunnel;
    },
  };

  // The failure is what the caller is told, and besides it what could not be taken back.
  async #undo(row: ExposureRow, cause: unknown, until?: number): Promise<unknown> {
    await this.#save(row, { state: 'undoing', lastError: reasonOf(cause) });
    try {
      await this.#backward(row, until);
      return cause;
    } catch (error) {
      if (isLost(error)) return error;
      const message = `${reasonOf(cause)} What was done could not all be taken back; that is tried again every minute.`;
      return new SupervisorError('partial_failure', message, { hostname: row.hostname, done: row.step, cause: codeOf(cause) }, { cause });
    }
  }

  async #backward(row: ExposureRow, until?: number): Promise<string[]> {
    const { orm, records, routes } = this.#parts;
    const warnings: string[] = [];
    try {
      for (const record of await orm.select().from(cloudflareDnsRecords).where(eq(cloudflareDnsRecords.exposure, row.id))) {
        await this.#hold(row, until);
        await records.remove(record).catch(async (error: unknown) => {
          if (!(error instanceof SupervisorError) || error.code !== 'not_owned') throw error;
          // Somebody else has it now: it stays, and leads nowhere.
          await records.forget(record);
          warnings.push(`${record.type} ${record.name} had lost our mark, so it stays where it is.`);
        });
      }
      for (const route of await routes.rows({ exposure: row.id })) {
        await this.#hold(row, until);
        await routes.remove(route);
      }
      await this.#hold(row, until);
      warnings.push(...(await this.#removeTunnel(row)));
      await orm.delete(cloudflareExposures).where(holds(cloudflareExposures, row));
      return warnings;
    } catch (error) {
      if (!isLost(error)) await this.#save(row, { lastError: reasonOf(error), leaseUntil: null });
      throw error;
    }
  }

  // The tunnel of this database goes with its last rule, unless a connector holds on to it.
  async #removeTunnel(row: ExposureRow): Promise<string[]> {
    const { orm, tunnels, routes } = this.#parts;
    const others = and(eq(cloudflareExposures.account, row.account), ne(cloudflareExposures.id, row.id));
    const [tunnel] = (await tunnels.rows(row.account)).filter(({ standard, shared }) => standard && !shared);
    if (!tunnel || (await orm.select().from(cloudflareExposures).where(others).limit(1)).length > 0) return [];
    if ((await routes.rows({ tunnel: tunnel.id })).length > 0) return [];
    try {
      await tunnels.delete(tunnel);
      return [];
    } catch (error) {
      if (error instanceof SupervisorError && error.code === 'protected') return [error.message];
      throw error;
    }
  }

  async #describe(row: ExposureRow, tunnel: TunnelRow, found: FoundZone): Promise<Exposure> {
    const connector = await this.#parts.tunnels.status(tunnel).catch(() => ({ status: 'unknown', connected: false }));
    const usual = (await this.#parts.accounts.list())[0]?.name === found.account.name;
    return shownExposure(row, tunnel, found, connector, usual);
  }

  #patience(): number {
    return this.#parts.time.now().getTime() + patienceMilliseconds;
  }

  async #hold(row: ExposureRow, until = Infinity): Promise<void> {
    if (this.#parts.time.now().getTime() > until) throw unavailable(`Cloudflare takes too long for ${row.hostname}.`);
    if (!(await renew(this.#parts.orm, cloudflareExposures, row, leaseSeconds))) throw leaseLost(row.hostname);
  }

  async #save(row: ExposureRow, values: Parameters<ReturnType<Orm['update']>['set']>[0]): Promise<void> {
    const kept = await this.#parts.orm
      .update(cloudflareExposures)
      .set(values)
      .where(holds(cloudflareExposures, row))
      .returning({ step: cloudflareExposures.step });
    if (kept.length === 0) throw leaseLost(row.hostname);
    row.step = kept[0]!.step;
  }
}

function leaseLost(hostname: string): SupervisorError {
  const message = `Another service has taken over ${hostname}. Look at it with \`supervisor cloudflare list-exposures\`.`;
  return new SupervisorError('conflict', message, { takenOver: true });
}

function isLost(error: unknown): boolean {
  return error instanceof SupervisorError && error.details['takenOver'] === true;
}

function exposedByOther(hostname: string): SupervisorError {
  return new SupervisorError(
    'not_owned',
    `${hostname} is exposed by another project. \`supervisor cloudflare list-exposures\` tells which.`,
  );
}

function busy(hostname: string): SupervisorError {
  return new SupervisorError('conflict', `${hostname} is being worked on by another call. Try again in a minute.`);
}

function codeOf(error: unknown): string {
  return error instanceof SupervisorError ? error.code : 'internal';
}

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, eq, gt, inArray, sql } from 'drizzle-orm';
import type { Accounts } from '../accounts.js';
import type { PageOptions } from '../dns/listing.js';
import { isFinal, reasonOf } from '../failure.js';
import { samePlace } from '../ingress/checks.js';
import { withoutRule, withRule } from '../ingress/merge.js';
import type { Rule } from '../ingress/rule.js';
import { cloudflareTunnelRoutes } from '../schema.js';
import { changeRules, readConfiguration, type Change } from './configuration.js';
import type { TunnelRow, Tunnels } from './tunnels.js';

export type RouteRow = typeof cloudflareTunnelRoutes.$inferSelect;

/** Where the next page begins. */
export function placeOf({ hostname, id }: RouteRow): string {
  return `${hostname} ${id}`;
}

export interface SyncedRoute {
  hostname: string;
  path: string;
  project: string;
  state: 'in_sync' | 'drifted' | 'missing';
  mended: boolean;
}

/** The rules of ours in the lists of tunnels; the rules of others stay where they are. */
export class TunnelRoutes {
  readonly #orm: Orm;
  readonly #accounts: Accounts;
  readonly #tunnels: Tunnels;

  constructor(orm: Orm, accounts: Accounts, tunnels: Tunnels) {
    this.#orm = orm;
    this.#accounts = accounts;
    this.#tunnels = tunnels;
  }

  async rows(
    filter: { project?: string | undefined; tunnel?: string | undefined; exposure?: string | undefined },
    { cursor, limit }: PageOptions = {},
  ): Promise<RouteRow[]> {
    const { project, tunnel, exposure } = cloudflareTunnelRoutes;
    const columns = { project, tunnel, exposure };
    const wanted = Object.entries(filter).flatMap(([key, value]) =>
      value === undefined ? [] : [eq(columns[key as keyof typeof columns], value)],
    );
    const place = sql`${cloudflareTunnelRoutes.hostname} || ' ' || ${cloudflareTunnelRoutes.id} collate "C"`;
    const query = this.#orm
      .select()
      .from(cloudflareTunnelRoutes)
      .where(and(...wanted, cursor === undefined ? undefined : gt(place, cursor)))
      .orderBy(place);
    return limit === undefined ? query : query.limit(limit);
  }

  /** Puts a rule into a tunnel's list, or makes ours as it should be. Asking again changes nothing. */
  async put(project: string, tunnel: TunnelRow, rule: Rule, exposure: string | null = null): Promise<RouteRow> {
    const { row, former } = await this.#intend(project, tunnel, rule, exposure);
    try {
      await this.#change(
        tunnel,
        (rules, first) => withOurs(rules, row, !former && first),
        (rules) => rules.some((other) => isAs(other, rule)),
      );
      return await this.#saw(row);
    } catch (error) {
      await this.#failed(row, former, error);
      throw error;
    }
  }

  // What was refused is not wanted any more: a list with it would be refused as a whole from then on.
  async #failed(row: RouteRow, former: RouteRow | undefined, error: unknown): Promise<void> {
    const table = cloudflareTunnelRoutes;
    const lastError = reasonOf(error);
    if (!isFinal(error)) await this.#orm.update(table).set({ lastError }).where(eq(table.id, row.id));
    else if (!former) await this.#orm.delete(table).where(and(eq(table.id, row.id), isRule(row.rule)));
    else {
      const { rule, state, exposure } = former;
      await this.#orm
        .update(table)
        .set({ rule, state, exposure, lastError })
        .where(and(eq(table.id, row.id), isRule(row.rule)));
    }
  }

  /** Takes a rule of ours out of its tunnel's list; one that others have changed since stays. */
  async remove(row: RouteRow): Promise<void> {
    await this.#orm.update(cloudflareTunnelRoutes).set({ state: 'deleting' }).where(eq(cloudflareTunnelRoutes.id, row.id));
    try {
      const tunnel = await this.#tunnelOf(row);
      const isOurs = (other: Rule) => isAs(other, row.rule) || (row.observed !== null && isAs(other, row.observed));
      if (tunnel?.tunnelId)
        await this.#change(
          tunnel,
          (rules) => (rules.some(isOurs) ? withoutRule(rules, row.rule) : rules),
          (rules) => !rules.some(isOurs),
        );
      await this.#orm.delete(cloudflareTunnelRoutes).where(eq(cloudflareTunnelRoutes.id, row.id));
    } catch (error) {
      await this.#orm
        .update(cloudflareTunnelRoutes)
        .set({ lastError: reasonOf(error) })
        .where(eq(cloudflareTunnelRoutes.id, row.id));
      throw error;
    }
  }

  /** Compares our rules of a tunnel with its list; puts back what is missing or different when asked to, in one write. */
  async sync(tunnel: TunnelRow, mend: boolean, project?: string): Promise<SyncedRoute[]> {
    const rows = (await this.rows({ tunnel: tunnel.id, project })).filter(({ state }) => state !== 'deleting');
    if (rows.length === 0 || tunnel.tunnelId === null) return [];
    const reach = await this.#accounts.reach(tunnel.account);
    const { ingress } = await readConfiguration(reach, tunnel.tunnelId);
    const compared = rows.map((row) => ({ row, state: stateIn(ingress, row.rule) }));
    const differing = compared.filter(({ state }) => state !== 'in_sync');
    const mended = mend && differing.length > 0;
    if (mended)
      await this.#change(
        tunnel,
        (rules) => differing.reduce((list, { row }) => withRule(list, row.rule), rules),
        (rules) => rows.every(({ rule }) => stateIn(rules, rule) === 'in_sync'),
      );
    const inSync = mended ? rows : compared.filter(({ state }) => state === 'in_sync').map(({ row }) => row);
    await this.#sawAll(inSync);
    return compared.map(({ row, state }) => ({
      hostname: row.hostname,
      path: row.path,
      project: row.project,
      state,
      mended: mended && state !== 'in_sync',
    }));
  }

  async #change(tunnel: TunnelRow, change: Change, isThere: (rules: readonly Rule[]) => boolean): Promise<void> {
    if (tunnel.tunnelId === null) throw new SupervisorError('not_found', `Tunnel ${tunnel.name} does not exist yet. Ensure it first.`);
    const { tunnelId } = tunnel;
    const reach = await this.#accounts.reach(tunnel.account);
    await this.#tunnels.alone(tunnel, (held) => changeRules(reach, tunnelId, change, isThere, held));
  }

  async #intend(
    project: string,
    tunnel: TunnelRow,
    rule: Rule,
    exposure: string | null,
  ): Promise<{ row: RouteRow; former?: RouteRow | undefined }> {
    const { hostname = '', path = '' } = rule;
    const table = cloudflareTunnelRoutes;
    const [made] = await this.#orm
      .insert(table)
      .values({ id: randomUUID(), tunnel: tunnel.id, hostname, path, project, rule, exposure, state: 'wanted' })
      .onConflictDoNothing()
      .returning();
    if (made) return { row: made };
    const [former] = await this.#orm
      .select()
      .from(table)
      .where(and(eq(table.tunnel, tunnel.id), eq(table.hostname, hostname), eq(table.path, path)));
    if (former?.project !== project) throw new SupervisorError('not_owned', `The rule for ${hostname}${path} belongs to another project.`);
    if (former.exposure !== exposure) throw otherKind(former);
    const [row] = await this.#orm.update(table).set({ rule, state: 'wanted' }).where(eq(table.id, former.id)).returning();
    if (row) return { row, former };
    throw new SupervisorError('conflict', `The rule for ${hostname}${path} was removed by another call meanwhile. Try again.`);
  }

  async #tunnelOf(row: RouteRow): Promise<TunnelRow | undefined> {
    return (await this.#tunnels.rows()).find(({ id }) => id === row.tunnel);
  }

  async #saw(row: RouteRow): Promise<RouteRow> {
    const [kept] = await this.#orm
      .update(cloudflareTunnelRoutes)
      .set({ observed: row.rule, state: 'live', lastError: null, lastSyncAt: sql`clock_timestamp()` })
      .where(eq(cloudflareTunnelRoutes.id, row.id))
      .returning();
    return kept ?? row;
  }

  async #sawAll(rows: RouteRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#orm
      .update(cloudflareTunnelRoutes)
      .set({ observed: sql`rule`, state: 'live', lastError: null, lastSyncAt: sql`clock_timestamp()` })
      .where(
        inArray(
          cloudflareTunnelRoutes.id,
          rows.map(({ id }) => id),
        ),
      );
  }
}

// What an exposure made only an exposure changes, and what the owner put nothing but the owner.
function otherKind({ hostname, path, exposure }: RouteRow): SupervisorError {
  if (exposure !== null) return new SupervisorError('protected', `${hostname} is exposed: unexpose it instead.`);
  return new SupervisorError(
    'protected',
    `The owner put a rule for ${hostname}${path} there. Remove it first, with \`supervisor cloudflare remove-tunnel-route ${hostname}${path && ` --path '${path}'`}\`.`,
  );
}

function isRule(rule: Rule) {
  return sql`${cloudflareTunnelRoutes.rule} = ${JSON.stringify(rule)}::jsonb`;
}

// A row that was never seen in the list cannot know a rule there as its own, unless it is exactly what was being written.
function withOurs(rules: readonly Rule[], row: RouteRow, fresh: boolean): Rule[] {
  const there = rules.find((other) => samePlace(other, row.rule));
  if (there && (fresh || (row.observed === null && !isAs(there, row.rule))))
    throw new SupervisorError(
      'not_owned',
      `The tunnel already has a rule for ${row.hostname}${row.path}, which Supervisor did not make. Remove it there, or choose another name.`,
    );
  return withRule(rules, row.rule);
}

function stateIn(rules: readonly Rule[], rule: Rule): SyncedRoute['state'] {
  const there = rules.find((other) => samePlace(other, rule));
  if (!there) return 'missing';
  return isAs(there, rule) ? 'in_sync' : 'drifted';
}

/** Whether a rule is another one; Cloudflare adds defaults of its own to originRequest. */
function isAs(there: Rule, rule: Rule): boolean {
  if (!samePlace(there, rule) || there.service !== rule.service || needsLogin(there) !== needsLogin(rule)) return false;
  return Object.entries(rule.originRequest ?? {}).every(([name, value]) => isDeepStrictEqual(there.originRequest?.[name], value));
}

function needsLogin({ originRequest }: Rule): boolean {
  return (originRequest?.['access'] as { required?: unknown } | undefined)?.required === true;
}

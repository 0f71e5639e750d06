import { randomBytes, randomUUID } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { writeInto, type Accounts, type Reach } from '../accounts.js';
import { alone, type Held } from '../alone.js';
import { tunnelAnswer, type RemoteTunnel } from '../api/answers.js';
import { unavailable } from '../api/failure.js';
import { isFinal, isMissing, reasonOf } from '../failure.js';
import { isCatchAll } from '../ingress/rule.js';
import { cloudflareExposures, cloudflareTunnelRoutes, cloudflareTunnels } from '../schema.js';
import { readConfiguration } from './configuration.js';

export type TunnelRow = typeof cloudflareTunnels.$inferSelect;

/** A tunnel as it is now: with what Cloudflare says of its connectors. */
export interface TunnelStatus {
  row: TunnelRow;
  /** `healthy`, `degraded`, `down`, `inactive` (never connected); null: it is gone. */
  status: string | null;
  connected: boolean;
}

const pageSize = 100;

/** The tunnels that are used: one per database by default, others by name. */
export class Tunnels {
  readonly #orm: Orm;
  readonly #accounts: Accounts;

  constructor(orm: Orm, accounts: Accounts) {
    this.#orm = orm;
    this.#accounts = accounts;
  }

  /** A tunnel of ours that exists: the standard one, or the one of that name. Asking again changes nothing. */
  async ensure(reach: Reach, name?: string): Promise<TunnelRow> {
    // Whoever deletes it is waited for, and then it is made anew.
    for (let tries = 1; ; tries++) {
      try {
        const { row, fresh } = await this.#intend(reach, name);
        return await this.alone(row, (held) => this.#make(reach, row, fresh && name !== undefined, fresh, held));
      } catch (error) {
        if (tries === 3 || !(error instanceof SupervisorError) || error.details['gone'] !== true) throw error;
      }
    }
  }

  async #make(reach: Reach, row: TunnelRow, mustBeNew: boolean, fresh: boolean, held: Held): Promise<TunnelRow> {
    try {
      const there = await this.#find(reach, row.name);
      if (there && mustBeNew)
        throw new SupervisorError(
          'already_exists',
          `Tunnel ${row.name} exists, and others made it. The owner shares it with \`supervisor cloudflare adopt-tunnel\`.`,
        );
      if (!there && row.shared)
        throw new SupervisorError(
          'not_found',
          `The shared tunnel ${row.name} is gone. Let go of it with \`supervisor cloudflare delete-tunnel\`.`,
        );
      if (!there) await held();
      const remote = there ?? (await this.#create(reach, row));
      return await this.#saw(row, remote);
    } catch (error) {
      if (fresh && isFinal(error)) await this.#orm.delete(cloudflareTunnels).where(eq(cloudflareTunnels.id, row.id));
      else
        await this.#orm
          .update(cloudflareTunnels)
          .set({ lastError: reasonOf(error) })
          .where(eq(cloudflareTunnels.id, row.id));
      throw error;
    }
  }

  /** Shares a tunnel that others made: rules of ours go into it, it is never deleted. Exposures use it from then on. */
  async adopt(reach: Reach, name: string): Promise<TunnelRow> {
    const remote = await this.#find(reach, name);
    if (!remote) throw new SupervisorError('not_found', `Account ${reach.account.name} has no tunnel ${name}.`);
    // From the first rule written here on, its connectors would no longer read their own file.
    if (remote.config_src === 'local' || remote.remote_config === false)
      throw new SupervisorError(
        'protected',
        `Tunnel ${name} has its rules in a file beside its connector, which rules written here would replace. Move them to Cloudflare first: its dashboard has "Migrate" for that tunnel.`,
      );
    const account = reach.account.name;
    return writeInto(this.#orm, reach.account, async (tx) => {
      const [former] = await tx
        .select()
        .from(cloudflareTunnels)
        .where(and(eq(cloudflareTunnels.account, account), eq(cloudflareTunnels.name, name)));
      if (former) await exposeAnew(tx, former, remote);
      await tx.update(cloudflareTunnels).set({ standard: false }).where(eq(cloudflareTunnels.account, account));
      const [row] = await tx
        .insert(cloudflareTunnels)
        .values({ id: randomUUID(), account, name, tunnelId: remote.id, standard: true, shared: true, state: 'live' })
        .onConflictDoUpdate({ target: [cloudflareTunnels.account, cloudflareTunnels.name], set: { tunnelId: remote.id, standard: true } })
        .returning();
      return row!;
    });
  }

  async rows(account?: string): Promise<TunnelRow[]> {
    return this.#orm
      .select()
      .from(cloudflareTunnels)
      .where(account === undefined ? undefined : eq(cloudflareTunnels.account, account))
      .orderBy(asc(cloudflareTunnels.account), asc(cloudflareTunnels.name));
  }

  /** The standard tunnel, or the one of that name. @throws SupervisorError `not_found` */
  async get(account: string, name?: string): Promise<TunnelRow> {
    const row = await this.#stored(account, name);
    if (row) return row;
    throw new SupervisorError(
      'not_found',
      `Account ${account} has no tunnel ${name ?? 'of ours yet'}. Make it with \`supervisor cloudflare ensure-tunnel\`.`,
    );
  }

  async status(row: TunnelRow): Promise<TunnelStatus> {
    const { api, account } = await this.#accounts.reach(row.account);
    const gone = { row, status: null, connected: false };
    if (row.tunnelId === null) return gone;
    const remote = await api.get(`/accounts/${account.accountId}/cfd_tunnel/${row.tunnelId}`, tunnelAnswer).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!remote || remote.deleted_at) return gone;
    return { row, status: remote.status ?? 'inactive', connected: isConnected(remote) };
  }

  /** What a connector of the tunnel authenticates with. */
  async token(row: TunnelRow): Promise<string> {
    const { api, account } = await this.#accounts.reach(row.account);
    return api.get(`/accounts/${account.accountId}/cfd_tunnel/${row.tunnelId}/token`, z.string());
  }

  /**
   * Deletes a tunnel of ours without rules of ours; lets go of a shared one.
   * @throws SupervisorError `protected` while something is in it, of ours or of others, or connected to it
   */
  async delete(row: TunnelRow): Promise<void> {
    await this.alone(row, async (held) => {
      const { id, tunnel } = cloudflareTunnelRoutes;
      const routes = await this.#orm.select({ id }).from(cloudflareTunnelRoutes).where(eq(tunnel, row.id)).limit(1);
      if (routes.length > 0)
        throw new SupervisorError(
          'protected',
          `Tunnel ${row.name} still has rules of ours. Unexpose or remove them first: \`supervisor cloudflare list-tunnel-routes\` shows them.`,
        );
      if (!row.shared) await this.#deleteRemote(row, held);
      await this.#orm.delete(cloudflareTunnels).where(eq(cloudflareTunnels.id, row.id));
    });
  }

  /**
   * Does something that only one caller at a time may do with a tunnel; `held` says before each write whether that still is so.
   * @throws SupervisorError `conflict` when it is gone, or others are at it for long
   */
  async alone<T>(row: TunnelRow, work: (held: Held) => Promise<T>): Promise<T> {
    const named = { id: row.id, name: `Tunnel ${row.name}` };
    const done = await alone(this.#orm, cloudflareTunnels, named, async (_row, held) => ({ answer: await work(held) }));
    if (done) return done.answer;
    throw deletedMeanwhile(row.name);
  }

  async #stored(account: string, name: string | undefined): Promise<TunnelRow | undefined> {
    const which = name === undefined ? eq(cloudflareTunnels.standard, true) : eq(cloudflareTunnels.name, name);
    const [row] = await this.#orm
      .select()
      .from(cloudflareTunnels)
      .where(and(eq(cloudflareTunnels.account, account), which));
    return row;
  }

  async #intend({ account }: Reach, name: string | undefined): Promise<{ row: TunnelRow; fresh: boolean }> {
    const values = { account: account.name, name: name ?? `supervisor-${randomBytes(6).toString('hex')}`, standard: name === undefined };
    const [made] = await writeInto(this.#orm, account, (tx) =>
      tx
        .insert(cloudflareTunnels)
        .values({ id: randomUUID(), ...values, state: 'wanted' })
        .onConflictDoNothing()
        .returning(),
    );
    const row = made ?? (await this.#stored(account.name, name));
    if (!row) throw deletedMeanwhile(values.name);
    return { row, fresh: made !== undefined };
  }

  async #find({ account, api }: Reach, name: string): Promise<RemoteTunnel | undefined> {
    const query = { name, is_deleted: false, per_page: pageSize };
    const found = await api.list(`/accounts/${account.accountId}/cfd_tunnel`, tunnelAnswer, query);
    return found.find((tunnel) => tunnel.name === name && !tunnel.deleted_at);
  }

  async #create(reach: Reach, row: TunnelRow): Promise<RemoteTunnel> {
    const { account, api } = reach;
    const body = { name: row.name, config_src: 'cloudflare' };
    return api.create(`/accounts/${account.accountId}/cfd_tunnel`, body, tunnelAnswer, () => this.#find(reach, row.name));
  }

  async #saw(row: TunnelRow, remote: RemoteTunnel): Promise<TunnelRow> {
    await exposeAnew(this.#orm, row, remote);
    const [kept] = await this.#orm
      .update(cloudflareTunnels)
      .set({ tunnelId: remote.id, state: 'live', lastError: null, lastSyncAt: sql`clock_timestamp()` })
      .where(eq(cloudflareTunnels.id, row.id))
      .returning();
    return kept ?? row;
  }

  async #deleteRemote(row: TunnelRow, held: Held): Promise<void> {
    const reach = await this.#accounts.reach(row.account);
    const there = await this.#find(reach, row.name);
    if (there === undefined || (row.tunnelId !== null && there.id !== row.tunnelId)) return;
    if (isConnected(there))
      throw new SupervisorError(
        'protected',
        `Tunnel ${row.name} has a connector, so it stays. Stop \`supervisor tunnel run\`, then \`supervisor cloudflare delete-tunnel\` removes it.`,
      );
    const { ingress } = await readConfiguration(reach, there.id);
    if (ingress.some((rule) => !isCatchAll(rule)))
      throw new SupervisorError('protected', `Tunnel ${row.name} holds rules of others, so it stays. Remove them at Cloudflare first.`);
    await held();
    await this.#orm.update(cloudflareTunnels).set({ state: 'deleting' }).where(eq(cloudflareTunnels.id, row.id));
    const deleted = await reach.api.delete(`/accounts/${reach.account.accountId}/cfd_tunnel/${there.id}`);
    // "Not found" is said of a wrong address too: whether it is gone is looked at.
    if (!deleted && (await this.#find(reach, row.name)) !== undefined) throw unavailable(`Cloudflare did not delete tunnel ${row.name}.`);
  }
}

// Where somebody deleted it and it was made again, its names lead nowhere, and the sweep leads them to the new one.
async function exposeAnew(orm: Orm, row: TunnelRow, remote: RemoteTunnel): Promise<void> {
  if (row.tunnelId === null || row.tunnelId === remote.id) return;
  const { exposure, tunnel } = cloudflareTunnelRoutes;
  const itsOwn = orm.select({ id: exposure }).from(cloudflareTunnelRoutes).where(eq(tunnel, row.id));
  const { id, state } = cloudflareExposures;
  await orm
    .update(cloudflareExposures)
    .set({ state: 'exposing' })
    .where(and(eq(state, 'exposed'), inArray(id, itsOwn)));
}

function isConnected({ status }: RemoteTunnel): boolean {
  return status === 'healthy' || status === 'degraded';
}

function deletedMeanwhile(name: string): SupervisorError {
  return new SupervisorError('conflict', `Tunnel ${name} was deleted by another call meanwhile. Try again.`, { gone: true });
}

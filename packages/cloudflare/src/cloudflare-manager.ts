import { SupervisorError } from '@supervisor/core';
import { connect, type Database } from '@supervisor/db';
import { Accounts, type Account, type AccountSettings } from './accounts.js';
import { tokenAnswer, type RemoteRecord, type Zone } from './api/answers.js';
import { realTime, type Time } from './api/time.js';
import { DnsRecords, type RecordChoice } from './dns/dns-records.js';
import { listRemote, type PageOptions, type RecordFilter, type RecordRow } from './dns/listing.js';
import { dnsName } from './dns/name.js';
import { observedOf, readComment, type RecordWish } from './dns/record.js';
import { syncRecords, type SyncReport } from './dns/sync.js';
import type { Exposure, ExposeRequest } from './exposures/exposure.js';
import { Exposures, type ExposureRow, type PortOf } from './exposures/exposures.js';
import { isFinal } from './failure.js';
import type { Rule } from './ingress/rule.js';
import { validateIngress, type Verdict } from './ingress/validate.js';
import { cloudflareMigrations } from './migrations.js';
import { readConfiguration } from './tunnels/configuration.js';
import { TunnelRoutes, type RouteRow, type SyncedRoute } from './tunnels/routes.js';
import { Tunnels, type TunnelRow, type TunnelStatus } from './tunnels/tunnels.js';

export interface CloudflareManagerOptions {
  /** The home's own when absent. */
  db?: Database;
  /** The value of the API token that is kept at this path. */
  token(path: string): Promise<string>;
  /** The port of a service, for `expose`. When absent, both have to be given, and are taken as they are. */
  portOf?: PortOf;
  /** What requests are counted and repeated by; real time when absent. */
  time?: Time;
}

/** Where something is: the first account and its standard tunnel, or those of these names. */
export interface Place {
  account?: string | undefined;
  tunnel?: string | undefined;
}

/** What a token is, and what it sees. */
export interface VerifiedToken {
  account: string;
  status: string;
  expiresAt: string | null;
  zones: string[];
}

/** A rule of ours, with the name of its tunnel. */
export interface PlacedRoute {
  route: RouteRow;
  tunnel: string;
}

interface Parts {
  accounts: Accounts;
  records: DnsRecords;
  tunnels: Tunnels;
  routes: TunnelRoutes;
  exposures: Exposures;
}

/** DNS records, tunnels and exposed services at Cloudflare: only what is ours is ever changed. */
export class CloudflareManager {
  readonly #database: () => Promise<Database>;
  readonly #options: CloudflareManagerOptions;
  #opened: Parts | undefined;
  #configured: { at: number; value: boolean } | undefined;

  constructor(options: CloudflareManagerOptions) {
    this.#database = connect(cloudflareMigrations, options.db);
    this.#options = options;
  }

  /** Sets an account: where its token is kept and, for tests, where its API is. */
  async setAccount(name: string, settings: AccountSettings): Promise<Account> {
    this.#configured = undefined;
    return (await this.#parts()).accounts.set(name, settings);
  }

  async listAccounts(): Promise<Account[]> {
    return (await this.#parts()).accounts.list();
  }

  /** Whether there is an account at all: without one nobody needs the tools. */
  async isConfigured(): Promise<boolean> {
    // Asked for with every list of tools; another service may have set one since.
    if (this.#configured === undefined || Date.now() - this.#configured.at > configuredMilliseconds)
      this.#configured = { at: Date.now(), value: (await this.listAccounts()).length > 0 };
    return this.#configured.value;
  }

  /** @throws SupervisorError `protected` while something of ours is in it */
  async removeAccount(name: string): Promise<boolean> {
    this.#configured = undefined;
    return (await this.#parts()).accounts.remove(name);
  }

  /** Asks Cloudflare whether a token is good, and for which zones. */
  async verifyToken(account?: string): Promise<VerifiedToken> {
    const { accounts } = await this.#parts();
    const reach = await accounts.reach(account);
    // A token of the account's own is refused there, as a bad one is: the zones tell them apart.
    const said = await reach.api.get('/user/tokens/verify', tokenAnswer).catch((error: unknown) => {
      if (isFinal(error)) return undefined;
      throw error;
    });
    const zones = await accounts.zones(reach, true);
    const { status = 'active', expires_on: expires = null } = said ?? {};
    return { account: reach.account.name, status, expiresAt: expires, zones: zones.map(({ name }) => name) };
  }

  async listZones(account?: string): Promise<{ account: string; zones: Zone[] }> {
    const { accounts } = await this.#parts();
    const reach = await accounts.reach(account);
    return { account: reach.account.name, zones: await accounts.zones(reach, true) };
  }

  /** Our records, in the order of their names. */
  async listRecords(filter: RecordFilter, options: { limit: number; cursor?: string | undefined }) {
    return (await this.#parts()).records.list(filter, options);
  }

  /** What is in a zone at a name, ours or not. */
  async lookUpRecords(name: string): Promise<{ record: RemoteRecord; owner: string | null }[]> {
    const { accounts, records } = await this.#parts();
    const { api, zone } = await accounts.zoneOf(name);
    const [remote, ours] = await Promise.all([
      listRemote(api, zone.id, dnsName(name)),
      records.list({ name: dnsName(name) }, { limit: 500 }),
    ]);
    return remote.map((record) => {
      const row = ours.rows.find(({ id }) => id === readComment(record.comment ?? '').id);
      return { record: { ...record, ...observedOf(record) }, owner: row?.project ?? null };
    });
  }

  /** Makes a record, or makes ours as it should be. @throws SupervisorError `not_owned` when others have one there */
  async upsertRecord(project: string, wish: RecordWish): Promise<{ row: RecordRow; changed: boolean }> {
    return (await this.#parts()).records.upsert(project, wish);
  }

  /** Deletes a record of ours; more than one only where `many` allows it. */
  async deleteRecord(project: string, choice: RecordChoice, many = false): Promise<RecordRow[]> {
    return (await this.#parts()).records.delete(project, choice, many);
  }

  /** Compares our records with what is there; `mend` makes them as they should be. */
  async syncRecords(options: { project?: string | undefined; zone?: string | undefined; mend: boolean }): Promise<SyncReport> {
    const { accounts, records } = await this.#parts();
    return syncRecords((await this.#database()).orm, accounts, records, options);
  }

  /** Takes over a record that others made. */
  async adoptRecord(project: string, choice: RecordChoice): Promise<RecordRow> {
    return (await this.#parts()).records.adopt(project, choice);
  }

  /** Lets go of a record of ours, which stays. */
  async releaseRecord(project: string, choice: RecordChoice): Promise<RecordRow> {
    return (await this.#parts()).records.release(project, choice);
  }

  /** A tunnel that exists: the standard one, or the one of that name. */
  async ensureTunnel({ account, tunnel }: Place = {}): Promise<TunnelRow> {
    const { accounts, tunnels } = await this.#parts();
    return tunnels.ensure(await accounts.reach(account), tunnel);
  }

  /** Uses a tunnel that others made, beside them. */
  async adoptTunnel(tunnel: string, account?: string): Promise<TunnelRow> {
    const { accounts, tunnels } = await this.#parts();
    return tunnels.adopt(await accounts.reach(account), tunnel);
  }

  async listTunnels(account?: string): Promise<TunnelStatus[]> {
    const { tunnels } = await this.#parts();
    return Promise.all((await tunnels.rows(account)).map((row) => tunnels.status(row)));
  }

  /** @throws SupervisorError `protected` while rules of ours are in it or a connector holds it */
  async deleteTunnel(place: Place = {}): Promise<TunnelRow> {
    const { tunnels } = await this.#parts();
    const row = await this.#tunnel(place);
    await tunnels.delete(row);
    return row;
  }

  /** What `cloudflared` runs a tunnel with. */
  async tunnelToken(place: Place = {}): Promise<{ tunnel: string; token: string }> {
    const { tunnels } = await this.#parts();
    const row = await this.#tunnel(place);
    return { tunnel: row.name, token: await tunnels.token(row) };
  }

  /** Puts a rule of ours into a tunnel's list; the rules of others stay. */
  async putRoute(project: string, rule: Rule & { hostname: string }, place: Place = {}): Promise<PlacedRoute> {
    const { routes } = await this.#parts();
    const tunnel = await this.#tunnel(place);
    return { route: await routes.put(project, tunnel, { ...rule, hostname: dnsName(rule.hostname) }), tunnel: tunnel.name };
  }

  /** Takes a rule of ours out. Repeating it changes nothing. */
  async removeRoute(project: string, hostname: string, path = '', place: Place = {}): Promise<boolean> {
    const { routes } = await this.#parts();
    const tunnel = await this.#tunnel(place);
    const name = dnsName(hostname);
    const row = (await routes.rows({ tunnel: tunnel.id, project })).find((route) => route.hostname === name && route.path === path);
    if (row?.exposure) throw new SupervisorError('protected', `${hostname} is exposed: unexpose it instead.`);
    if (row) await routes.remove(row);
    return row !== undefined;
  }

  /** Our rules, in the order of their names. */
  async listRoutes(filter: { project?: string | undefined } & PageOptions = {}): Promise<PlacedRoute[]> {
    const { routes, tunnels } = await this.#parts();
    const { limit, cursor, project } = filter;
    const names = new Map((await tunnels.rows()).map(({ id, name }) => [id, name]));
    return (await routes.rows({ project }, { limit, cursor })).map((route) => ({ route, tunnel: names.get(route.tunnel) ?? '' }));
  }

  /** What cloudflared would say to these rules; to those of a tunnel where none are given. */
  async validateRoutes(rules?: readonly Rule[], place: Place = {}): Promise<Verdict> {
    if (rules) return validateIngress(rules);
    const { accounts } = await this.#parts();
    const tunnel = await this.#tunnel(place);
    const configuration = await readConfiguration(await accounts.reach(tunnel.account), tunnel.tunnelId ?? '');
    return validateIngress(configuration.ingress, configuration['originRequest'] as Record<string, unknown>);
  }

  /** Compares our rules with what is in the tunnels; `mend` puts back what is missing or different. */
  async syncRoutes(
    mend: boolean,
    { account, project }: { account?: string | undefined; project?: string | undefined } = {},
  ): Promise<(SyncedRoute & { tunnel: string })[]> {
    const { routes, tunnels } = await this.#parts();
    const synced: (SyncedRoute & { tunnel: string })[] = [];
    for (const row of await tunnels.rows(account))
      synced.push(...(await routes.sync(row, mend, project)).map((route) => ({ ...route, tunnel: row.name })));
    return synced;
  }

  /** From a port to `https://hostname`: tunnel, rule and record, all or nothing. */
  async expose(request: ExposeRequest): Promise<Exposure> {
    return (await this.#parts()).exposures.expose(request);
  }

  /** Takes a name back, with all that made it reachable. */
  async unexpose(project: string, hostname: string): Promise<{ removed: boolean; warnings: string[] }> {
    return (await this.#parts()).exposures.unexpose(project, hostname);
  }

  /** In the order of their names. */
  async listExposures(filter: { project?: string | undefined } & PageOptions = {}): Promise<ExposureRow[]> {
    return (await this.#parts()).exposures.list(filter);
  }

  /** Takes up what was broken off. To be called at the start and once a minute; any number of services may. */
  async resume(options: { alone?: boolean } = {}): Promise<{ resumed: number; failed: number }> {
    return (await this.#parts()).exposures.resume(options);
  }

  async #tunnel({ account, tunnel }: Place): Promise<TunnelRow> {
    const { accounts, tunnels } = await this.#parts();
    return tunnels.get((await accounts.reach(account)).account.name, tunnel);
  }

  async #parts(): Promise<Parts> {
    const { orm } = await this.#database();
    if (this.#opened) return this.#opened;
    const { token, time = realTime, portOf = givenPort } = this.#options;
    const accounts = new Accounts(orm, token, time);
    const records = new DnsRecords(orm, accounts);
    const tunnels = new Tunnels(orm, accounts);
    const routes = new TunnelRoutes(orm, accounts, tunnels);
    const exposures = new Exposures({ orm, accounts, records, tunnels, routes, portOf, time });
    this.#opened = { accounts, records, tunnels, routes, exposures };
    return this.#opened;
  }
}

const givenPort: PortOf = async ({ service, port }) => {
  if (service === undefined || port === undefined) throw new SupervisorError('invalid_input', 'Name the service and its port.');
  return { service, port };
};

const configuredMilliseconds = 5000;

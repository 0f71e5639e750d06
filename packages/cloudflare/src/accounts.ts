import { createHash } from 'node:crypto';
import { isPlain, NotFound, SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { asc, eq } from 'drizzle-orm';
import { zoneAnswer, type Zone } from './api/answers.js';
import { TokenBucket } from './api/bucket.js';
import { CloudflareApi } from './api/cloudflare-api.js';
import type { Time } from './api/time.js';
import { dnsName, isInZone, nameIn } from './dns/name.js';
import { isFinal, reasonOf } from './failure.js';
import { cloudflareAccounts, cloudflareDnsRecords, cloudflareExposures, cloudflareTunnels } from './schema.js';

const officialUrl = 'https://api.cloudflare.com/client/v4';

/** What the owner says of an account. */
export interface AccountSettings {
  accountId: string;
  tokenPath: string;
  baseUrl?: string | undefined;
  accessTeam?: string | undefined;
  accessAudience?: string[] | undefined;
}

export type Account = typeof cloudflareAccounts.$inferSelect;

/** An account with the way to it. */
export interface Reach {
  account: Account;
  api: CloudflareApi;
}

/** A zone with the account that it was found in. */
export interface FoundZone extends Reach {
  zone: Zone;
}

const freshMilliseconds = 60_000;

/** The accounts that the owner set, and the zones behind them. */
export class Accounts {
  readonly #orm: Orm;
  readonly #token: (path: string) => Promise<string>;
  readonly #time: Time;
  readonly #zones = new Map<string, { at: number; zones: Zone[] }>();

  constructor(orm: Orm, token: (path: string) => Promise<string>, time: Time) {
    this.#orm = orm;
    this.#token = token;
    this.#time = time;
  }

  async set(name: string, settings: AccountSettings): Promise<Account> {
    const { accountId, tokenPath, accessTeam = null, accessAudience = [] } = settings;
    const baseUrl = checkedUrl(settings.baseUrl ?? officialUrl);
    if ((accessTeam === null) !== (accessAudience.length === 0))
      throw new SupervisorError('invalid_input', 'Give accessTeam and accessAudience together: a visitor is checked against both.');
    const values = { accountId, tokenPath, baseUrl, accessTeam, accessAudience };
    const row = await this.#orm.transaction(async (tx) => {
      const [before] = await tx.select().from(cloudflareAccounts).where(eq(cloudflareAccounts.name, name)).for('update');
      // What is in the one would be looked for in the other.
      if (before && before.accountId !== accountId) await refuseUsed(tx, name);
      const [kept] = await tx
        .insert(cloudflareAccounts)
        .values({ name, ...values })
        .onConflictDoUpdate({ target: cloudflareAccounts.name, set: values })
        .returning();
      return kept!;
    });
    this.#zones.delete(name);
    return row;
  }

  async list(): Promise<Account[]> {
    return this.#orm.select().from(cloudflareAccounts).orderBy(asc(cloudflareAccounts.createdAt), asc(cloudflareAccounts.name));
  }

  /** Forgets an account. @throws SupervisorError `protected` while something of ours is in it */
  async remove(name: string): Promise<boolean> {
    return this.#orm.transaction(async (tx) => {
      const which = eq(cloudflareAccounts.name, name);
      const there = await tx.select().from(cloudflareAccounts).where(which).for('update');
      await refuseUsed(tx, name);
      await tx.delete(cloudflareAccounts).where(which);
      return there.length > 0;
    });
  }

  /** The way to an account; to the first one where none is named. @throws SupervisorError `not_found` */
  async reach(name?: string): Promise<Reach> {
    const accounts = await this.list();
    const account = name === undefined ? accounts[0] : accounts.find((row) => row.name === name);
    if (account) return this.#open(account);
    if (accounts.length === 0)
      throw new SupervisorError('not_found', 'No Cloudflare account is set. The owner sets one with `supervisor cloudflare set-account`.');
    const names = accounts.map((row) => row.name);
    throw new NotFound(`There is no Cloudflare account ${name}.`, name!, names, 'list_cloudflare_accounts shows those there are.');
  }

  async zones({ account, api }: Reach, fresh = false): Promise<Zone[]> {
    const known = this.#zones.get(account.name);
    const now = this.#time.now().getTime();
    if (known && !fresh && now - known.at < freshMilliseconds) return known.zones;
    const found = await api.list('/zones', zoneAnswer, { per_page: 50, 'account.id': account.accountId });
    // Cloudflare shows some of them in Unicode.
    const zones = found.map((zone) => ({ ...zone, name: nameIn(zone.name) }));
    this.#zones.set(account.name, { at: now, zones });
    return zones;
  }

  /**
   * The zone that a name is in, of any account: the longest that fits.
   * @throws SupervisorError `not_found`; `provider_unavailable` while an account of which no zone is known cannot be asked
   */
  async zoneOf(name: string): Promise<FoundZone> {
    const wanted = dnsName(name);
    for (const fresh of [false, true]) {
      let best: FoundZone | undefined;
      for (const account of await this.list()) {
        const reach = this.#open(account);
        for (const zone of await this.zones(reach, fresh).catch((error: unknown) => this.#lastZones(account, wanted, error)))
          if (isInZone(wanted, zone.name) && zone.name.length > (best?.zone.name.length ?? 0)) best = { ...reach, zone };
      }
      if (best) return best;
    }
    await this.reach();
    throw new SupervisorError(
      'not_found',
      `No zone of a Cloudflare account that is set holds ${wanted}. See them with \`supervisor cloudflare list-zones\`.`,
    );
  }

  // An account that does not answer is no reason to leave the others, as long as it is known which names are its own.
  async #lastZones({ name }: Account, wanted: string, error: unknown): Promise<Zone[]> {
    const known = this.#zones.get(name)?.zones;
    if (known) return known;
    // One that is set up wrongly cannot be changed through either.
    if (isFinal(error)) return [];
    const { zoneId: id, zone, account } = cloudflareDnsRecords;
    const ours = await this.#orm.selectDistinct({ id, name: zone }).from(cloudflareDnsRecords).where(eq(account, name));
    if (ours.some((known) => isInZone(wanted, known.name))) return ours;
    throw new SupervisorError('provider_unavailable', `Account ${name} could not be asked for its zones: ${reasonOf(error)}`);
  }

  #open(account: Account): Reach {
    const { tokenPath, baseUrl } = account;
    const id = createHash('sha256').update(`${baseUrl} ${tokenPath}`).digest('hex').slice(0, 32);
    const bucket = new TokenBucket(this.#orm, id, this.#time);
    return { account, api: new CloudflareApi({ baseUrl, token: () => this.#token(tokenPath), bucket, time: this.#time }) };
  }
}

/**
 * Writes the first row of something into an account, which is not removed meanwhile.
 * @throws SupervisorError `not_found` when it was removed before
 */
export async function writeInto<T>(orm: Orm, { name }: Account, write: (tx: Orm) => Promise<T>): Promise<T> {
  return orm.transaction(async (tx) => {
    const there = await tx.select().from(cloudflareAccounts).where(eq(cloudflareAccounts.name, name)).for('share');
    if (there.length === 0) throw new SupervisorError('not_found', `The Cloudflare account ${name} was removed meanwhile.`);
    return write(tx);
  });
}

async function refuseUsed(tx: Orm, name: string): Promise<void> {
  for (const table of [cloudflareExposures, cloudflareDnsRecords, cloudflareTunnels]) {
    const rows = await tx.select({ id: table.id }).from(table).where(eq(table.account, name)).limit(1);
    if (rows.length > 0)
      throw new SupervisorError(
        'protected',
        `Account ${name} still has records, tunnels or exposures of ours. Remove or release them first.`,
      );
  }
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
  if (!plain) throw new SupervisorError('invalid_input', `baseUrl must be like ${officialUrl}, without user or query.`);
  if (isPlain(url.origin))
    throw new SupervisorError('invalid_input', 'baseUrl must be https: the token would cross the network in the clear.');
  return url.href.replace(/\/$/, '');
}

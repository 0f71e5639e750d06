// What the checks of Cloudflare stand on: its fake, managers beside it, and a look at all that either holds.
import { CloudflareManager } from '@supervisor/cloudflare';
import { openDatabase, openInMemory, rows } from '@supervisor/db';
import { CloudflareFake, FakeClock } from '@supervisor/fakes';
import { sql } from 'drizzle-orm';
import { cloudflareContract, hasCloudflareSpecs } from '../../../contract/cloudflare.mjs';

export const routes = {
  tunnel: 'POST /client/v4/accounts/{account}/cfd_tunnel',
  rules: 'PUT /client/v4/accounts/{account}/cfd_tunnel/{tunnel}/configurations',
  record: 'POST /client/v4/zones/{zone}/dns_records',
};

/** The fake, with a clock that moves when somebody sleeps on it. */
export async function openFake(stage, zones) {
  const clock = new FakeClock();
  const fake = new CloudflareFake({ clock, ...(zones ? { zones } : {}) });
  await fake.listen();
  stage.onEnd(() => fake.close());
  const time = { now: () => clock.now(), sleep: async (milliseconds) => clock.advance(milliseconds / 1000) };
  return { fake, time };
}

/** A manager with a database of its own: embedded in memory, or the PostgreSQL of `url`. */
export async function openManager(stage, { fake, time }, url) {
  const db = url ? await openDatabase(url) : await openInMemory();
  stage.onEnd(() => db.close());
  const portOf = async ({ service = 'web', port = 3100 }) => ({ service, port });
  const manager = new CloudflareManager({ db, token: async () => fake.token, time, portOf });
  await manager.setAccount('main', { accountId: fake.account, tokenPath: 'meta/cloudflare/token', baseUrl: fake.url });
  return { manager, db };
}

const tables = ['exposures', 'dns_records', 'tunnel_routes', 'tunnels'];

/** How many rows each table has. */
export async function countRows(db) {
  const counts = {};
  for (const table of tables) {
    const [row] = await rows(db.orm, sql.raw(`select count(*)::int as count from supervisor.cloudflare_${table}`));
    counts[table] = row.count;
  }
  return counts;
}

export const noRows = Object.fromEntries(tables.map((table) => [table, 0]));

/** What the fake holds: living tunnels, rules with a name, records. */
export function holds({ state }) {
  const tunnels = [...state.tunnels.values()].filter(({ deletedAt }) => deletedAt === null);
  const rules = tunnels.flatMap(({ config }) => (config?.ingress ?? []).filter(({ hostname }) => hostname));
  return { tunnels, rules, records: [...state.records.values()] };
}

export function countsOf(fake) {
  const { tunnels, rules, records } = holds(fake);
  return { tunnels: tunnels.length, rules: rules.length, records: records.length };
}

/** What is wrong with the requests of a fake's log: nothing was refused for its form, nothing hit the limit, all is as described. */
export function wrongRequests(fake) {
  const problems = [];
  if (fake.limited > 0) problems.push(`the limit of requests was hit ${fake.limited} times`);
  const unknown = fake.server.log.filter(({ route }) => route === undefined);
  for (const { request } of unknown) problems.push(`the fake does not know ${request.method} ${request.path}`);
  if (!hasCloudflareSpecs()) return problems;
  const contract = cloudflareContract();
  return [...problems, ...new Set(fake.server.log.flatMap((exchange) => contract.check(exchange)))];
}

/** Says how many requests were held against the description. */
export function described(fake) {
  return hasCloudflareSpecs()
    ? `${fake.server.log.length} requests as described`
    : `${fake.server.log.length} requests (skipped: no specs)`;
}

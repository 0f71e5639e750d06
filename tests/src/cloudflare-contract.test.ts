import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CloudflareManager } from '@supervisor/cloudflare';
import { openInMemory, type Database } from '@supervisor/db';
import { CloudflareFake, FakeClock, type Exchange } from '@supervisor/fakes';
import { root } from './harness.js';

interface Contract {
  check(exchange: Exchange): string[];
  counts: { requests: number; answers: number; sdk: number };
  waivers: { name: string; why: string }[];
}
const load = (file: string) => import(pathToFileURL(join(root, 'tools/contract', file)).href);
const { hasCloudflareSpecs, cloudflareContract } = (await load('cloudflare.mjs')) as {
  hasCloudflareSpecs(): boolean;
  cloudflareContract(): Contract;
};
const { noSpecs } = (await load('specs.mjs')) as { noSpecs: string };
const there = hasCloudflareSpecs();
// `.ci/run` looks for this line.
if (!there) console.log(noSpecs);
const withSpecs = there ? test : test.skip;

let database: Database;
let fake: CloudflareFake;
let cloudflare: CloudflareManager;
beforeAll(async () => {
  database = await openInMemory();
  const clock = new FakeClock();
  fake = new CloudflareFake({ clock, zones: ['example.com', 'eu.example.com'] });
  const baseUrl = await fake.listen();
  const time = { now: () => clock.now(), sleep: async (milliseconds: number) => clock.advance(milliseconds / 1000) };
  cloudflare = new CloudflareManager({ db: database, token: async () => fake.token, time });
  const access = { accessTeam: 'acme', accessAudience: ['fake-aud'] };
  await cloudflare.setAccount('main', { accountId: fake.account, tokenPath: 'meta/cloudflare/token', baseUrl, ...access });
});
afterAll(async () => {
  await fake.close();
  await database.close();
});

/** Everything that is ever asked of Cloudflare, and what it refuses. */
async function everything(): Promise<void> {
  await cloudflare.verifyToken();
  const records = [
    { name: 'a.example.com', type: 'A', content: '192.0.2.1', proxied: true },
    { name: 'a.example.com', type: 'AAAA', content: '2001:db8::1' },
    { name: 'c.example.com', type: 'CNAME', content: 'a.example.com', ttl: 300 },
    { name: 'a.example.com', type: 'TXT', content: 'words', note: 'a note' },
    { name: 'a.eu.example.com', type: 'MX', content: 'mail.example.com', priority: 10 },
    { name: 'sub.example.com', type: 'NS', content: 'ns1.example.net' },
  ] as const;
  for (const record of records) await cloudflare.upsertRecord('shop', record);
  for (const record of records) await cloudflare.upsertRecord('shop', { ...record, note: 'changed' });
  fake.state.addRecord(fake.zone('example.com'), { name: 'old.example.com', type: 'A', content: '192.0.2.2', comment: 'theirs' });
  await cloudflare.adoptRecord('shop', { name: 'old.example.com' });
  await cloudflare.releaseRecord('shop', { name: 'old.example.com' });
  await cloudflare.upsertRecord('shop', { ...records[0], name: 'old.example.com' }).catch(() => {});
  await cloudflare.lookUpRecords('a.example.com');
  await cloudflare.syncRecords({ mend: true });
  await cloudflare.deleteRecord('shop', { name: 'a.example.com' }, true);
  for (const access of ['public', 'login'] as const)
    await cloudflare.expose({ project: 'shop', service: 'web', port: 3100, hostname: `${access}.example.com`, access });
  await cloudflare.putRoute('shop', { hostname: 'r.example.com', path: '^/api', service: 'http://localhost:1' });
  await cloudflare.syncRoutes(true);
  await cloudflare.validateRoutes();
  const [tunnel] = await cloudflare.listTunnels();
  fake.state.connect(fake.state.tunnels.get(tunnel!.row.tunnelId!)!);
  await cloudflare.listTunnels();
  await cloudflare.tunnelToken();
  await cloudflare.removeRoute('shop', 'r.example.com', '^/api');
  for (const access of ['public', 'login']) await cloudflare.unexpose('shop', `${access}.example.com`);
  fake.state.disconnect(fake.state.tunnels.get(tunnel!.row.tunnelId!)!);
  await cloudflare.deleteTunnel();
  await expect(fetch(`${fake.url}/zones`).then(({ status }) => status)).resolves.toBe(401);
}

withSpecs('every request and every answer of the fake is what Cloudflare describes', async () => {
  await everything();
  const contract = cloudflareContract();
  const problems = fake.server.log.flatMap((exchange) => contract.check(exchange));
  expect([...new Set(problems)]).toEqual([]);
  expect(contract.counts.requests).toBe(fake.server.log.length);
  expect(contract.counts.sdk).toBeGreaterThan(40);
  for (const { name, why } of contract.waivers) expect({ name, why: why.length > 10 }).toEqual({ name, why: true });
});

withSpecs('what Cloudflare does not describe is found', () => {
  const contract = cloudflareContract();
  const [made] = fake.server.log.filter(({ route }) => route?.startsWith('POST /client/v4/zones/'));
  const changed = (change: (exchange: any) => void) => {
    const copy = structuredClone({ ...made!, request: { ...made!.request, query: undefined } }) as any;
    copy.request.query = new URLSearchParams(made!.request.query);
    change(copy);
    return contract.check(copy as Exchange);
  };
  expect(changed(() => {})).toEqual([]);
  expect(changed(({ request }) => (request.body.ttl = 'soon'))).not.toEqual([]);
  expect(changed(({ request }) => delete request.body.type)).not.toEqual([]);
  expect(changed(({ request }) => (request.body.extra = 1))).not.toEqual([]);
  expect(changed(({ request }) => request.query.set('extra', '1'))).not.toEqual([]);
  expect(changed(({ request }) => (request.path = '/client/v4/others'))).not.toEqual([]);
  expect(changed(({ answer }) => delete answer.body.result.id)).not.toEqual([]);
  expect(changed(({ answer }) => (answer.body.success = 'yes'))).not.toEqual([]);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openInMemory, type Database } from '@supervisor/db';
import { FakeClock, FakeGoogleCloud, fakeTransport, type Exchange } from '@supervisor/fakes';
import { GCloudManager } from '@supervisor/gcloud';
import { root } from './harness.js';

interface Contract {
  check(exchange: Exchange): string[];
  counts: { requests: number; answers: number; sdk: number; identity: number; errors: number };
  waivers: { name: string; why: string }[];
}
const load = (file: string) => import(pathToFileURL(join(root, 'tools/contract', file)).href);
const { hasGoogleSpecs, googleContract } = (await load('gcloud.mjs')) as { hasGoogleSpecs(): boolean; googleContract(): Contract };
const { noSpecs } = (await load('specs.mjs')) as { noSpecs: string };
const there = hasGoogleSpecs();
// `.ci/run` looks for this line.
if (!there) console.log(noSpecs);
const withSpecs = there ? test : test.skip;

const zone = 'us-central1-a';
const clock = new FakeClock();
let database: Database;
let google: FakeGoogleCloud;
let gcloud: GCloudManager;
beforeAll(async () => {
  database = await openInMemory();
  google = new FakeGoogleCloud({ clock, operationSeconds: 4 });
  const url = await google.listen();
  const key = google.identity.newKey();
  const defaults = { metadataHost: new URL(url).host, file: undefined };
  gcloud = new GCloudManager({ db: database, secret: async () => key, transport: fakeTransport(clock), defaults });
  await gcloud.setAccount('main', { gcpProject: google.world.project, keyPath: 'meta/gcloud/key', computeUrl: url, monitoringUrl: url });
  await gcloud.setLimits('main', { zones: [zone], maxVms: 5 });
});
afterAll(async () => {
  await google.close();
  await database.close();
});

/** Everything that is ever asked of Google, and what it refuses. */
async function everything(): Promise<void> {
  const { world } = google;
  await gcloud.verifyCredentials();
  await gcloud.listZones();
  await gcloud.listMachineTypes(zone);
  await gcloud.createVm('shop', 'a', { labels: { team: 'web' }, publicIp: true });
  await gcloud.createVm('shop', 'b', { ephemeral: true });
  await gcloud.stopVm('shop', 'a');
  await gcloud.resizeVm('shop', 'a', 'e2-medium');
  await gcloud.setLabels('shop', 'a', { team: 'api' });
  await gcloud.startVm('shop', 'a');
  await gcloud.resetVm('shop', 'a');
  await gcloud.getVm('shop', 'a', { live: true });
  world.addDisk(zone, 'left');
  world.addAddress('us-central1', 'idle');
  await gcloud.sync();
  google.figures = () => 0.5;
  clock.advance(1200);
  await gcloud.sampleHealth();
  world.faults.push({ operationType: 'insert', code: 'QUOTA_EXCEEDED', message: 'Quota', leaves: 'disk' });
  await gcloud.createVm('shop', 'c').catch(() => {});
  world.addInstance(zone, 'd');
  await gcloud.createVm('shop', 'd').catch(() => {});
  world.quota = 0;
  await gcloud.createVm('shop', 'e').catch(() => {});
  for (const name of ['a', 'b']) {
    const confirmation = await gcloud
      .deleteVm('shop', name, { mayUnprotect: true })
      .catch((error: { details: { confirmation: string } }) => error.details.confirmation);
    await gcloud.deleteVm('shop', name, { mayUnprotect: true, confirmation: String(confirmation) });
  }
  google.identity.revoked = true;
  await gcloud.verifyCredentials().catch(() => {});
  google.identity.revoked = false;
}

withSpecs('every request and every answer of the fake is what Google describes', async () => {
  await everything();
  const contract = googleContract();
  const problems = google.log.flatMap((exchange) => contract.check(exchange));
  expect([...new Set(problems)]).toEqual([]);
  expect(contract.counts.requests + contract.counts.identity).toBe(google.log.length);
  expect(contract.counts.sdk).toBeGreaterThan(60);
  expect(contract.counts.errors).toBeGreaterThan(4);
  for (const { name, why } of contract.waivers) expect({ name, why: why.length > 10 }).toEqual({ name, why: true });
});

withSpecs('what Google does not describe is found', () => {
  const contract = googleContract();
  const first = (route: string) => google.log.find((exchange) => exchange.route === route && exchange.answer?.status === 200)!;
  const insert = first('POST /compute/v1/projects/{project}/zones/{zone}/instances');
  const list = first('GET /compute/v1/projects/{project}/zones/{zone}/disks');
  const series = google.log.find(({ answer }) => (answer?.body as { timeSeries?: unknown[] } | undefined)?.timeSeries?.length)!;
  const changed = (exchange: Exchange, change: (copy: any) => void) => {
    const copy = structuredClone({ ...exchange, request: { ...exchange.request, query: undefined } }) as any;
    copy.request.query = new URLSearchParams(exchange.request.query);
    change(copy);
    return contract.check(copy as Exchange);
  };
  for (const exchange of [insert, list, series]) expect(changed(exchange, () => {})).toEqual([]);
  expect(changed(insert, ({ request }) => (request.body.extra = 1))).not.toEqual([]);
  expect(changed(insert, ({ request }) => (request.body.scheduling.maxRunDuration.seconds = 60))).not.toEqual([]);
  expect(changed(insert, ({ request }) => (request.body = undefined))).not.toEqual([]);
  expect(changed(insert, ({ request }) => request.query.set('extra', '1'))).not.toEqual([]);
  expect(changed(insert, ({ request }) => (request.path += '/others'))).not.toEqual([]);
  expect(changed(insert, ({ answer }) => (answer.body.progress = 'much'))).not.toEqual([]);
  expect(changed(list, ({ request }) => request.query.set('maxResults', 'many'))).not.toEqual([]);
  expect(changed(list, ({ answer }) => (answer.body.items[0].sizeGb = 10))).not.toEqual([]);
  expect(changed(series, ({ request }) => request.query.set('aggregation.perSeriesAligner', 'ALIGN_NONSENSE'))).not.toEqual([]);
  expect(changed(series, ({ answer }) => (answer.body.timeSeries[0].points[0].value.doubleValue = '1'))).not.toEqual([]);
});

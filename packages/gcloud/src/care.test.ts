import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { FakeClock, FakeGoogleCloud, fakeTransport } from '@supervisor/fakes';
import { GCloudManager } from './gcloud-manager.js';

const zone = 'us-central1-a';

describe.each(testDatabases())('on $kind', ({ open }) => {
  const clock = new FakeClock();
  const google = new FakeGoogleCloud({ clock, operationSeconds: 2 });
  let database: Database;
  let gcloud: GCloudManager;
  beforeAll(async () => {
    await google.listen();
    database = await open();
    const key = google.identity.newKey();
    gcloud = new GCloudManager({ db: database, secret: async () => key, transport: fakeTransport(clock) });
    const url = google.url;
    await gcloud.setAccount('main', { gcpProject: google.world.project, keyPath: 'meta/gcloud/key', computeUrl: url, monitoringUrl: url });
    await gcloud.setLimits('main', { zones: [zone, 'europe-west4-a'], maxVms: 5 });
    for (const name of ['a', 'b', 'c']) await gcloud.createVm('shop', name, name === 'c' ? { zone: 'europe-west4-a' } : {});
  });
  afterAll(async () => {
    await database.close();
    await google.close();
  });

  test('a sync of what agrees finds nothing', async () => {
    expect(await gcloud.sync()).toEqual({
      account: 'main',
      inSync: 3,
      gone: [],
      changed: [],
      unknown: [],
      leakedDisks: [],
      leakedAddresses: [],
      unreachable: [],
    });
  });

  test('a sync tells what was changed, made, deleted and left behind our back, and touches none of it', async () => {
    const { world } = google;
    const a = world.instances.get(`${zone}/a`)!;
    Object.assign(a, { status: 'TERMINATED', deletionProtection: false, labels: { ...a.labels, by: 'hand' } });
    world.removeInstance(zone, 'b');
    world.addInstance(zone, 'stranger');
    world.addInstance('us-central1-b', 'other-home', { labels: { 'supervisor-vm': '00000000-0000-4000-8000-000000000000' } });
    world.addDisk(zone, 'left', { labels: { 'supervisor-vm': (await gcloud.getVm('shop', 'a')).id } });
    world.addDisk(zone, 'foreign');
    world.addDisk(zone, 'used', { users: ['something'] });
    world.addAddress('us-central1', 'idle');
    world.addAddress('us-central1', 'busy', { status: 'IN_USE', users: ['something'] });
    const since = google.log.length;
    const synced = await gcloud.sync();
    expect(synced).toMatchObject({
      inSync: 1,
      gone: [{ name: 'b', project: 'shop' }],
      unknown: [
        { name: 'stranger', labelled: false },
        { name: 'other-home', labelled: true },
      ],
      leakedDisks: [
        { name: 'left', location: zone, ours: true },
        { name: 'foreign', ours: false },
      ],
      leakedAddresses: [{ name: 'idle', location: 'us-central1', ours: false }],
    });
    expect(synced.changed.map(({ name, field }) => `${name} ${field}`)).toEqual(['a status', 'a labels', 'a deletionProtection']);
    expect(new Set(google.log.slice(since).map(({ request }) => request.method))).toEqual(new Set(['GET']));
    expect(await gcloud.getVm('shop', 'b')).toMatchObject({ state: 'gone', endedAt: clock.now().toISOString() });
    expect(await gcloud.getVm('shop', 'a')).toMatchObject({ status: 'TERMINATED', desired: 'running' });
  });

  test('what is in a zone that does not answer is not called gone', async () => {
    google.unreachable.add('europe-west4-a');
    expect(await gcloud.sync()).toMatchObject({ gone: [], unreachable: ['europe-west4-a'] });
    google.unreachable.clear();
    expect(await gcloud.getVm('shop', 'c')).toMatchObject({ state: 'present' });
  });

  test('a VM that the list lacks and whose zone does not answer costs nothing of what else is known', async () => {
    const list = 'GET /compute/v1/projects/{project}/aggregated/instances';
    google.faults.add({ on: list, what: () => ({ status: 200, body: { items: {} } }) });
    google.faults.add({ on: ({ path }) => path.endsWith('/instances/c'), what: 'error-before', times: 4 });
    expect(await gcloud.sync()).toMatchObject({ gone: [], unreachable: [expect.any(String)] });
    google.faults.clear();
    expect(await gcloud.getVm('shop', 'c')).toMatchObject({ state: 'present' });
  });

  test('a zone whose disks are not told costs nothing of what else is known', async () => {
    google.faults.add({ on: 'GET /compute/v1/projects/{project}/zones/{zone}/disks', what: 'error-before', times: 4 });
    expect(await gcloud.sync()).toMatchObject({ gone: [], unreachable: [expect.any(String)] });
  });

  test('a sync that fails half-way closes nothing', async () => {
    google.faults.add({ on: 'GET /compute/v1/projects/{project}/aggregated/instances', what: 'error-before', times: 4 });
    await expect(gcloud.sync()).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(await gcloud.getVm('shop', 'c')).toMatchObject({ state: 'present' });
  });

  test('what is not Google’s answer, or a list that lacks one, closes no row', async () => {
    const list = 'GET /compute/v1/projects/{project}/aggregated/instances';
    google.faults.add({ on: list, what: () => ({ status: 200, text: '' }) });
    await expect(gcloud.sync()).rejects.toMatchObject({ code: 'provider_unavailable' });
    google.faults.add({ on: list, what: () => ({ status: 200, body: { items: {} } }) });
    expect(await gcloud.sync()).toMatchObject({ gone: [] });
    const other = () => ({ status: 404, text: '<html>Not Found</html>' });
    google.faults.add({ on: ({ path }) => path.endsWith('/instances/c'), what: other, times: 2 });
    await expect(gcloud.getVm('shop', 'c', { live: true })).rejects.toMatchObject({ code: 'provider_unavailable' });
    await expect(gcloud.deleteVm('shop', 'c', { mayUnprotect: true })).rejects.toMatchObject({ code: 'provider_unavailable' });
    google.faults.clear();
    expect(await gcloud.getVm('shop', 'c', { live: true })).toMatchObject({ state: 'present', status: 'RUNNING' });
  });

  test('figures are sampled, judged and absent with a reason', async () => {
    clock.advance(1200);
    const first = await gcloud.sampleHealth();
    expect(first).toMatchObject({ vms: 2, samples: expect.any(Number) });
    expect(first.samples).toBeGreaterThan(0);
    expect(await gcloud.sampleHealth()).toEqual({ vms: 2, samples: 0 });
    const { readings, thresholds } = await gcloud.getHealth('shop', 'c');
    expect(Object.fromEntries(readings.map(({ metric, value, state }) => [metric, [value, state]]))).toEqual({
      cpu: [0.21, 'ok'],
      network_received: [1200.5, null],
      network_sent: [800.25, null],
      disk_read: [64, null],
      disk_write: [4096, null],
      memory: [null, 'absent'],
    });
    expect(readings.find(({ metric }) => metric === 'memory')!.reason).toContain('Ops Agent');
    expect(thresholds['cpu']).toEqual({ warning: 0.8, critical: 0.95 });
    const stopped = await gcloud.getHealth('shop', 'a');
    expect(
      stopped.readings.every(({ value, state, reason }) => value === null && state === 'absent' && reason?.includes('TERMINATED')),
    ).toBe(true);
  });

  test('an agent’s memory is a share, and a hot processor is critical', async () => {
    google.figures = (_name, type) => (type.startsWith('agent.') ? 83.5 : type.includes('cpu') ? 0.97 : 0);
    clock.advance(600);
    await gcloud.sampleHealth();
    const { readings } = await gcloud.getHealth('shop', 'c');
    expect(readings.find(({ metric }) => metric === 'memory')).toMatchObject({ value: 0.835, state: 'warning', reason: null });
    expect(readings.find(({ metric }) => metric === 'cpu')).toMatchObject({ value: 0.97, state: 'critical' });
    // A figure of 0 is one.
    expect(readings.find(({ metric }) => metric === 'disk_read')).toMatchObject({ value: 0, state: null });
  });

  test('old figures are forgotten, and what is stale is not shown as now', async () => {
    clock.advance(2 * 3600);
    const later = await gcloud.getHealth('shop', 'c', { hours: 24 });
    expect(later.readings.find(({ metric }) => metric === 'cpu')).toMatchObject({ value: null, state: 'absent', at: expect.any(String) });
    expect(later.readings.find(({ metric }) => metric === 'cpu')!.points.length).toBeGreaterThan(1);
    expect(await gcloud.pruneHealth()).toEqual({ pruned: 0 });
    clock.advance(7 * 86_400);
    expect((await gcloud.pruneHealth()).pruned).toBeGreaterThan(10);
    expect((await gcloud.getHealth('shop', 'c', { hours: 168 })).readings.every(({ points }) => points.length === 0)).toBe(true);
  });

  test('a sweep samples every five minutes, whoever sweeps, and notes what fails', async () => {
    await gcloud.startVm('shop', 'c').catch(() => {});
    google.world.instances.get('europe-west4-a/c')!.status = 'RUNNING';
    await gcloud.sync();
    clock.advance(600);
    const since = google.log.length;
    await Promise.all([gcloud.sweep(), gcloud.sweep(), gcloud.sweep()]);
    const reads = () => google.log.slice(since).filter(({ route }) => route?.endsWith('/timeSeries')).length;
    expect(reads()).toBe(6);
    clock.advance(300);
    google.faults.add({ on: 'GET /v3/projects/{project}/timeSeries', what: 'error-before', times: 9 });
    await gcloud.sweep();
    google.faults.clear();
    expect((await gcloud.listAccounts())[0]!.lastError).toMatch(/^Figures could not be read: .*500/);
    clock.advance(300);
    await gcloud.sweep();
    expect((await gcloud.listAccounts())[0]!.lastError).toBeNull();
  });

  test('pages of VMs and operations follow one another', async () => {
    const names: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await gcloud.listVms({ limit: 1, ended: true, cursor });
      names.push(...page.vms.map(({ name }) => name));
      cursor = page.nextCursor;
      if (!cursor) break;
    }
    expect(names).toEqual(['a', 'b', 'c']);
    expect(await gcloud.listVms({ limit: 3, ended: true })).not.toHaveProperty('nextCursor');
    const all = (await gcloud.listOperations({})).operations.map(({ id }) => id);
    const first = await gcloud.listOperations({ limit: 2 });
    const second = await gcloud.listOperations({ limit: 500, cursor: first.nextCursor });
    expect([...first.operations, ...second.operations].map(({ id }) => id)).toEqual(all);
    expect(await gcloud.listOperations({ limit: all.length })).not.toHaveProperty('nextCursor');
    for (const cursor of ['x', "a/'", 'a/b/c']) {
      await expect(gcloud.listVms({ cursor })).rejects.toMatchObject({ code: 'invalid_input' });
      await expect(gcloud.listOperations({ cursor })).rejects.toMatchObject({ code: 'invalid_input' });
    }
    await expect(gcloud.waitOperation('x')).rejects.toMatchObject({ code: 'not_found' });
  });
});

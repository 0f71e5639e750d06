import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { SupervisorError } from '@supervisor/core';
import type { Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { FakeClock, FakeGoogleCloud, fakeTransport } from '@supervisor/fakes';
import { GCloudManager } from './gcloud-manager.js';

const zone = 'us-central1-a';

describe.each(testDatabases())('on $kind', ({ open }) => {
  const clock = new FakeClock();
  const google = new FakeGoogleCloud({ clock });
  let database: Database;
  let gcloud: GCloudManager;
  beforeAll(async () => {
    await google.listen();
    database = await open();
    const key = google.identity.newKey();
    gcloud = new GCloudManager({ db: database, secret: async () => key, transport: fakeTransport(clock) });
    await gcloud.setAccount('main', {
      gcpProject: google.world.project,
      keyPath: 'meta/gcloud/key',
      computeUrl: google.url,
      monitoringUrl: google.url,
    });
  });
  afterAll(async () => {
    await database.close();
    await google.close();
  });
  beforeEach(() => google.faults.clear());

  const refusal = (call: Promise<unknown>) =>
    call.then(
      () => {
        throw new Error('It was not refused.');
      },
      (error: SupervisorError) => error,
    );

  test('nothing is made before its owner has named zones', async () => {
    await expect(gcloud.createVm('shop', 'build-1')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('set-limits'),
    });
    await expect(gcloud.createVm('shop', 'build-1', { zone })).rejects.toMatchObject({ code: 'forbidden' });
    expect(google.log).toEqual([]);
    await gcloud.setLimits('main', { zones: [zone], maxVms: 2, maxCostPerHour: 0.1 });
  });

  test('the credentials are verified, and say whose they are', async () => {
    const { account, identity, monitoring } = await gcloud.verifyCredentials();
    expect({ identity, monitoring }).toEqual({ identity: 'robot@fake-project-123.iam.gserviceaccount.com', monitoring: 'ok' });
    expect(account.verifiedAt).toBe(clock.now().toISOString());
    google.identity.revoked = true;
    await expect(gcloud.verifyCredentials()).rejects.toMatchObject({ code: 'forbidden' });
    google.identity.revoked = false;
    expect((await gcloud.listAccounts())[0]).toMatchObject({ lastError: expect.stringContaining('does not accept') });
  });

  test('a VM is made once, with its owner’s label, a limit to its run and protection', async () => {
    const told: string[] = [];
    const vm = await gcloud.createVm('shop', 'build-1', {
      labels: { team: 'web' },
      progress: (_done, _total, message) => told.push(message),
    });
    expect(vm).toMatchObject({
      created: true,
      state: 'present',
      status: 'RUNNING',
      desired: 'running',
      costPerHour: 0.0182,
      operation: null,
    });
    expect(told.some((message) => /^build-1: create \d+ % done, \d+ s$/.test(message))).toBe(true);
    const instance = google.world.instances.get(`${zone}/build-1`)!;
    expect(instance).toMatchObject({
      id: vm.instanceId,
      deletionProtection: true,
      labels: { team: 'web', 'supervisor-vm': vm.id, 'supervisor-project': 'shop' },
      scheduling: { maxRunDuration: { seconds: '43200' }, instanceTerminationAction: 'STOP' },
    });
    expect(google.world.disks.get(`${zone}/build-1`)).toMatchObject({ labels: { 'supervisor-vm': vm.id } });
    expect(vm.instanceId).toMatch(/^\d{19}$/);
    expect(await gcloud.createVm('shop', 'build-1', { labels: { team: 'web' } })).toMatchObject({ created: false, id: vm.id });
    expect(google.world.inserted).toBe(1);
    await gcloud.setLimits('main', { maxRunSeconds: 600 });
    expect(await gcloud.createVm('shop', 'build-1')).toMatchObject({ created: false, id: vm.id });
    await expect(gcloud.createVm('shop', 'build-1', { maxRunSeconds: 600 })).rejects.toMatchObject({ code: 'already_exists' });
    await gcloud.setLimits('main', { maxRunSeconds: 43_200 });
    await expect(gcloud.createVm('shop', 'build-1', { diskGb: 50 })).rejects.toMatchObject({ code: 'already_exists' });
    await expect(gcloud.createVm('blog', 'build-1')).rejects.toMatchObject({ code: 'already_exists' });
  });

  test('the limits of the owner hold, for everybody at once', async () => {
    await expect(gcloud.createVm('shop', 'big', { machineType: 'e2-standard-4' })).rejects.toMatchObject({
      code: 'budget',
      details: { held: 0.0182, maxCostPerHour: 0.1, estimated: true },
    });
    await expect(gcloud.createVm('shop', 'odd', { machineType: 'e2-standard-32' })).rejects.toMatchObject({
      code: 'budget',
      message: expect.stringContaining('not known'),
    });
    await expect(gcloud.createVm('shop', 'fast', { machineType: 'n2-standard-2' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(gcloud.createVm('shop', 'far', { zone: 'europe-west4-a' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(gcloud.createVm('shop', 'long', { maxRunSeconds: 86_400 })).rejects.toMatchObject({ code: 'forbidden' });
    const calls = await Promise.allSettled([1, 2, 3, 4].map((n) => gcloud.createVm('shop', `rush-${n}`)));
    expect(calls.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    expect(google.world.instances.size).toBe(2);
    for (const call of calls) if (call.status === 'rejected') expect(call.reason).toMatchObject({ code: 'exhausted' });
  });

  test('it is stopped, resized, labelled, started and reset', async () => {
    await expect(gcloud.resizeVm('shop', 'build-1', 'e2-medium')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('Stop it first'),
    });
    expect(await gcloud.stopVm('shop', 'build-1')).toMatchObject({ status: 'TERMINATED', desired: 'stopped' });
    expect(await gcloud.stopVm('shop', 'build-1')).toMatchObject({ status: 'TERMINATED' });
    expect(await gcloud.resizeVm('shop', 'build-1', 'e2-medium')).toMatchObject({ machineType: 'e2-medium', costPerHour: 0.035 });
    await expect(gcloud.resizeVm('shop', 'build-1', 'e2-standard-8')).rejects.toMatchObject({ code: 'budget' });
    await gcloud.setLimits('main', { maxVms: 1, maxCostPerHour: 0.03 });
    expect(await gcloud.resizeVm('shop', 'build-1', 'e2-small')).toMatchObject({ machineType: 'e2-small' });
    await expect(gcloud.resizeVm('shop', 'build-1', 'e2-medium')).rejects.toMatchObject({ code: 'exhausted' });
    await gcloud.setLimits('main', { maxVms: 2, maxCostPerHour: 0.1 });
    await gcloud.resizeVm('shop', 'build-1', 'e2-medium');
    expect(await gcloud.setLabels('shop', 'build-1', { team: 'api' })).toMatchObject({ labels: { team: 'api' } });
    expect(await gcloud.startVm('shop', 'build-1')).toMatchObject({ status: 'RUNNING', desired: 'running' });
    expect(await gcloud.resetVm('shop', 'build-1')).toMatchObject({ status: 'RUNNING' });
    await expect(gcloud.setLabels('shop', 'build-1', { 'supervisor-vm': 'x' })).rejects.toMatchObject({ code: 'invalid_input' });
    const { operations } = await gcloud.listOperations({ project: 'shop', name: 'build-1' });
    expect(operations.map(({ kind, status }) => `${kind} ${status}`).toSorted()).toEqual([
      'create done',
      'label done',
      'reset done',
      'resize done',
      'resize done',
      'resize done',
      'resize failed',
      'start done',
      'stop done',
      'stop done',
    ]);
  });

  test('labels that somebody else changed meanwhile are read again', async () => {
    const since = google.log.length;
    google.faults.add({
      on: (_request, route) => {
        if (route.endsWith('/setLabels')) google.world.instances.get(`${zone}/build-1`)!.labelFingerprint = 'changed';
        return false;
      },
      what: 'error-before',
    });
    expect(await gcloud.setLabels('shop', 'build-1', { team: 'ops' })).toMatchObject({ labels: { team: 'ops' } });
    const statuses = google.log.slice(since).flatMap(({ route, answer }) => (route?.endsWith('/setLabels') ? [answer?.status] : []));
    expect(statuses).toEqual([412, 200]);
  });

  test('a stop in time is Google’s: known beforehand, seen by the sweep, and a sync tells it', async () => {
    const { stopsAt } = await gcloud.getVm('shop', 'build-1');
    const started = google.world.instances.get(`${zone}/build-1`)!.lastStartTimestamp!;
    expect(stopsAt).toBe(new Date(Date.parse(started) + 43_200_000).toISOString());
    clock.advance(13 * 3600);
    google.faults.add({ on: ({ path }) => path.endsWith('/instances/build-1'), what: 'error-before', times: 4 });
    await gcloud.sweep();
    expect((await gcloud.listVms()).vms[0]).toMatchObject({ status: 'RUNNING', stopsAt });
    await gcloud.sweep();
    expect((await gcloud.listVms()).vms[0]).toMatchObject({ status: 'TERMINATED', stopsAt: null });
    const { changed } = await gcloud.sync();
    expect(changed).toContainEqual({ name: 'build-1', project: 'shop', field: 'status', ours: 'running', theirs: 'TERMINATED' });
    expect(await gcloud.getVm('shop', 'build-1')).toMatchObject({ status: 'TERMINATED', desired: 'running' });
  });

  test('one that runs on past its time is looked at less and less often', async () => {
    await gcloud.startVm('shop', 'build-1');
    const running = { ...google.world.instances.get(`${zone}/build-1`)! };
    clock.advance(43_201);
    google.faults.add({ on: ({ path }) => path.endsWith('/instances/build-1'), what: () => ({ status: 200, body: running }), times: 99 });
    const since = google.log.length;
    for (let minute = 0; minute < 60; minute++) {
      await gcloud.sweep();
      clock.advance(60);
    }
    google.faults.clear();
    const looks = google.log.slice(since).filter(({ request }) => request.path.endsWith('/instances/build-1'));
    expect(looks.length).toBeGreaterThan(2);
    expect(looks.length).toBeLessThan(10);
    await gcloud.sync();
    expect(await gcloud.getVm('shop', 'build-1')).toMatchObject({ status: 'TERMINATED' });
  });

  test('it is deleted in two calls, by its owner while it is protected', async () => {
    await expect(gcloud.deleteVm('shop', 'build-1')).rejects.toMatchObject({ code: 'protected' });
    const first = await refusal(gcloud.deleteVm('shop', 'build-1', { mayUnprotect: true }));
    expect(first).toMatchObject({
      code: 'confirmation_required',
      details: {
        effects: [
          'VM build-1 (e2-medium, us-central1-a) is deleted for good.',
          'Its deletion protection is taken away first.',
          'Disk build-1 is deleted with it.',
        ],
      },
    });
    const confirmation = first.details['confirmation'] as string;
    await expect(gcloud.deleteVm('shop', 'build-1', { mayUnprotect: true, confirmation: 'wrong' })).rejects.toMatchObject({
      code: 'confirmation_required',
    });
    // The wrong word took the right one's place.
    const second = await refusal(gcloud.deleteVm('shop', 'build-1', { mayUnprotect: true, confirmation }));
    await gcloud.startVm('shop', 'build-1');
    const third = await refusal(
      gcloud.deleteVm('shop', 'build-1', { mayUnprotect: true, confirmation: second.details['confirmation'] as string }),
    );
    expect(third.message).toMatch(/another state .* RUNNING now/);
    clock.advance(301);
    const late = await refusal(
      gcloud.deleteVm('shop', 'build-1', { mayUnprotect: true, confirmation: third.details['confirmation'] as string }),
    );
    const gone = await gcloud.deleteVm('shop', 'build-1', { mayUnprotect: true, confirmation: late.details['confirmation'] as string });
    expect(gone).toMatchObject({ state: 'deleted', desired: null, lastError: null });
    expect(google.world.instances.has(`${zone}/build-1`)).toBe(false);
    expect(await gcloud.deleteVm('shop', 'build-1')).toMatchObject({ state: 'deleted' });
    expect((await gcloud.listVms({ project: 'shop' })).vms).toHaveLength(1);
    expect((await gcloud.listVms({ project: 'shop', ended: true })).vms.map(({ state }) => state)).toContain('deleted');
    await expect(gcloud.startVm('shop', 'build-1')).rejects.toMatchObject({ code: 'not_found' });
    await expect(gcloud.getVm('shop', 'build-2')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('an account with VMs is not forgotten', async () => {
    await expect(gcloud.removeAccount('main')).rejects.toMatchObject({ code: 'conflict' });
    await expect(gcloud.setAccount('main', { gcpProject: 'other-project' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(
      gcloud.setAccount('plain', { gcpProject: 'other-project', computeUrl: 'http://compute.example.com' }),
    ).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await gcloud.setAccount('second', { gcpProject: 'other-project' });
    await expect(gcloud.createVm('shop', 'which')).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('main or second'),
    });
    expect(await gcloud.removeAccount('second')).toEqual({ removed: true });
  });

  test('zones and machine types say what is allowed and what it costs', async () => {
    expect(await gcloud.listZones()).toContainEqual({ name: zone, region: 'us-central1', status: 'UP', allowed: true });
    const types = await gcloud.listMachineTypes(zone);
    expect(types.find(({ name }) => name === 'e2-small')).toEqual({ name: 'e2-small', cpus: 2, memoryMb: 2048, costPerHour: 0.0168 });
    expect(types.find(({ name }) => name === 'c3-standard-4')).toMatchObject({ costPerHour: null });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core';
import type { Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { FakeClock, FakeGoogleCloud, fakeTransport, type Fault } from '@supervisor/fakes';
import { eq, isNull, ne, sql } from 'drizzle-orm';
import { GCloudManager } from '../gcloud-manager.js';
import type { Transport } from '../google/client.js';
import { gcloudAccounts, gcloudOperations, gcloudVms } from '../schema.js';

const zone = 'us-central1-a';
const name = 'saga-1';
const at = '/compute/v1/projects/{project}/zones/{zone}';
const instance = `${at}/instances/{instance}`;
const operation = `${at}/operations/{operation}`;
const routes = {
  create: [`POST ${at}/instances`, `GET ${operation}`, `POST ${operation}/wait`, `GET ${instance}`],
  delete: [
    `GET ${instance}`,
    `POST ${instance}/setDeletionProtection`,
    `DELETE ${instance}`,
    `GET ${operation}`,
    `POST ${operation}/wait`,
    `GET ${at}/disks/{disk}`,
  ],
};
const faults = ['error-before', 'error-after', 'cut-before', 'cut-after', 'rate-limited'] as const;

describe.each(testDatabases())('on $kind', ({ kind, open }) => {
  const clock = new FakeClock();
  const google = new FakeGoogleCloud({ clock, operationSeconds: 4 });
  const key = { text: '' };
  let database: Database;
  let gcloud: GCloudManager;
  const manager = (transport: Transport = fakeTransport(clock)) =>
    new GCloudManager({ db: database, secret: async () => key.text, transport, leaseSeconds: 60 });
  beforeAll(async () => {
    await google.listen();
    key.text = google.identity.newKey();
    database = await open();
    gcloud = manager();
    const url = google.url;
    await gcloud.setAccount('main', { gcpProject: google.world.project, keyPath: 'meta/gcloud/key', computeUrl: url, monitoringUrl: url });
    await gcloud.setLimits('main', { zones: [zone] });
  });
  afterAll(async () => {
    await database.close();
    await google.close();
  });
  beforeEach(async () => {
    google.faults.clear();
    google.world.faults.length = 0;
    for (const map of [google.world.instances, google.world.disks]) map.clear();
    google.world.inserted = 0;
    await database.orm.delete(gcloudVms).where(sql`true`);
  });

  const create = (by = gcloud) => by.createVm('shop', name, { waitSeconds: 120 });
  /** Both calls of a delete, as its owner makes them. */
  async function remove(by = gcloud) {
    const confirmation = await by.deleteVm('shop', name, { mayUnprotect: true }).then(
      (vm) => vm,
      (error: SupervisorError) => error.details['confirmation'] as string,
    );
    return typeof confirmation === 'string'
      ? by.deleteVm('shop', name, { mayUnprotect: true, confirmation, waitSeconds: 120 })
      : confirmation;
  }
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'ok',
      (error: unknown) => {
        if (error instanceof SupervisorError) return error.code;
        throw error;
      },
    );
  const openOperations = () => database.orm.select().from(gcloudOperations).where(isNull(gcloudOperations.endedAt));
  /** Rows and Google agree, nothing is under way, and nothing was made twice. */
  async function expectSettled(state: string) {
    expect(await openOperations()).toEqual([]);
    const rows = await database.orm.select().from(gcloudVms);
    expect(rows.map((row) => row.state)).toEqual([state]);
    expect(google.world.inserted).toBeLessThanOrEqual(1);
    const made = google.world.instances.get(`${zone}/${name}`);
    expect({ made: made !== undefined, disk: google.world.disks.has(`${zone}/${name}`) }).toEqual({
      made: state === 'present',
      disk: state === 'present',
    });
    if (made) expect(rows[0]).toMatchObject({ instanceId: made.id, status: 'RUNNING' });
  }
  const play = (on: string, what: Fault['what'], times: number) => google.faults.add({ on, what, times });

  // Once, which a retry mends; and, where the outcome is in doubt, until all retries are used up.
  // Each on one of the databases: all on both is what `npm run evidence -- cloud --only vm-faults` does.
  const cases = (what: 'create' | 'delete') =>
    routes[what]
      .flatMap((route) =>
        faults.flatMap((fault) => (fault.endsWith('after') ? [1, 9] : [1]).map((times) => ({ route, what: fault, times }))),
      )
      .filter((_, index) => testDatabases().length === 1 || index % 2 === (kind === 'embedded' ? 0 : 1));

  test.each(cases('create'))('create lives through $what × $times at $route', async ({ route, what, times }) => {
    play(route, what, times);
    const code = await codeOf(create());
    expect(['ok', 'provider_unavailable', 'rate_limited']).toContain(code);
    if (code !== 'ok') expect(await openOperations()).toHaveLength(1);
    google.faults.clear();
    await gcloud.resume({ alone: true });
    await expectSettled('present');
  });

  test.each(cases('delete'))('delete lives through $what × $times at $route', async ({ route, what, times }) => {
    await create();
    const confirmation = await gcloud
      .deleteVm('shop', name, { mayUnprotect: true })
      .catch((error: SupervisorError) => error.details['confirmation']);
    play(route, what, times);
    const code = await codeOf(
      gcloud.deleteVm('shop', name, { mayUnprotect: true, confirmation: confirmation as string, waitSeconds: 120 }),
    );
    expect(['ok', 'provider_unavailable', 'rate_limited']).toContain(code);
    google.faults.clear();
    await gcloud.resume({ alone: true });
    // A call that could not even look changed nothing.
    if ((await gcloud.getVm('shop', name)).state === 'present') await remove();
    await expectSettled('deleted');
  });

  /** A process that dies with its n-th request, before or after Google has done it: it answers nobody any more. */
  function dying(requests: number, when: 'before' | 'after') {
    let left = requests;
    let dead = () => {};
    const death = new Promise<'dead'>((resolve) => (dead = () => resolve('dead')));
    const transport: Transport = {
      ...fakeTransport(clock),
      fetch: async (...args) => {
        if (--left > 0) return fetch(...args);
        if (when === 'after' && left === 0) await fetch(...args);
        dead();
        return new Promise(() => {});
      },
    };
    return { by: manager(transport), death };
  }

  /** The dead one's lease is over, and two others find out at once. */
  async function twoResume() {
    await database.orm.update(gcloudOperations).set({ leaseUntil: null });
    await Promise.all([manager(), manager()].map((one) => one.resume()));
  }

  test.each(['before', 'after'] as const)(
    'whoever dies %s any request of a create, the next start ends it',
    async (when) => {
      for (let requests = 1; ; requests++) {
        await database.orm.delete(gcloudVms).where(sql`true`);
        google.world.instances.clear();
        google.world.disks.clear();
        google.world.inserted = 0;
        const { by, death } = dying(requests, when);
        const end = await Promise.race([create(by), death]);
        await twoResume();
        await expectSettled('present');
        if (end !== 'dead') return expect(requests).toBeGreaterThan(4);
      }
    },
    240_000,
  );

  test.each(['before', 'after'] as const)(
    'whoever dies %s any request of a delete, the next start ends it',
    async (when) => {
      for (let requests = 1; ; requests++) {
        await database.orm.delete(gcloudVms).where(sql`true`);
        google.world.instances.clear();
        google.world.disks.clear();
        google.world.inserted = 0;
        await create();
        const { by, death } = dying(requests, when);
        const end = await Promise.race([remove(by), death]);
        await twoResume();
        // Before it was confirmed nothing was begun.
        if ((await gcloud.getVm('shop', name)).state === 'present') await remove();
        await expectSettled('deleted');
        if (end !== 'dead') return expect(requests).toBeGreaterThan(8);
      }
    },
    240_000,
  );

  test.each([undefined, 'disk', 'instance'] as const)('a create that fails at Google is undone, with what it left: %s', async (leaves) => {
    google.world.faults.push({
      operationType: 'insert',
      code: 'QUOTA_EXCEEDED',
      message: 'Quota CPUS exceeded',
      ...(leaves ? { leaves } : {}),
    });
    const undone = ['unprotect', 'delete', 'disk'];
    await expect(create()).rejects.toMatchObject({ code: 'quota', details: { done: ['insert'], undone } });
    await expectSettled('failed');
    expect(await gcloud.getVm('shop', name)).toMatchObject({ lastError: expect.stringContaining('Quota CPUS exceeded') });
    expect(await create()).toMatchObject({ state: 'present' });
  });

  test('what cannot be undone stays, and says so', async () => {
    google.world.faults.push(
      { operationType: 'insert', code: 'INTERNAL_ERROR', message: 'Something broke', leaves: 'instance' },
      { operationType: 'delete', code: 'INTERNAL_ERROR', message: 'Something else broke' },
    );
    await expect(create()).rejects.toMatchObject({ code: 'partial_failure', details: { done: ['insert'], undone: ['unprotect'] } });
    expect(await gcloud.getVm('shop', name)).toMatchObject({ state: 'present', lastError: expect.stringContaining('could not be undone') });
    await remove();
    await expectSettled('deleted');
  });

  test('a delete that fails at Google leaves the VM, and is not called deleted', async () => {
    await create();
    google.world.faults.push({ operationType: 'delete', code: 'RESOURCE_IN_USE', message: 'It is in use' });
    await expect(remove()).rejects.toMatchObject({ code: 'partial_failure', details: { done: ['unprotect'] } });
    expect(await gcloud.getVm('shop', name)).toMatchObject({
      state: 'present',
      endedAt: null,
      lastError: expect.stringContaining('in use'),
    });
    await remove();
    await expectSettled('deleted');
  });

  test('a VM that an owner’s delete left half-way is still the owner’s to delete', async () => {
    await create();
    google.world.faults.push({ operationType: 'delete', code: 'RESOURCE_IN_USE', message: 'It is in use' });
    await expect(remove()).rejects.toMatchObject({ code: 'partial_failure' });
    expect(google.world.instances.get(`${zone}/${name}`)!.deletionProtection).toBe(false);
    await expect(gcloud.deleteVm('shop', name)).rejects.toMatchObject({ code: 'protected' });
    await remove();
    await expectSettled('deleted');
  });

  test('what Google is not ready for is tried again, and nothing paid for is left', async () => {
    google.world.faults.push(
      { operationType: 'insert', code: 'INTERNAL_ERROR', message: 'Something broke', leaves: 'instance' },
      { operationType: 'delete', code: 'RESOURCE_NOT_READY', message: 'It is not ready' },
    );
    await expect(create()).rejects.toMatchObject({ code: 'provider_unavailable' });
    const notReady = () => ({ status: 400, body: { error: { message: 'It is not ready', errors: [{ reason: 'resourceNotReady' }] } } });
    google.faults.add({ on: `DELETE ${instance}`, what: notReady, times: 1 });
    for (let tries = 0; tries < 5 && (await openOperations()).length > 0; tries++) {
      clock.advance(600);
      await database.orm.update(gcloudOperations).set({ leaseUntil: null });
      await gcloud.resume();
    }
    await expectSettled('failed');
  });

  test('a request that timed out at Google may have been carried out', async () => {
    const late = () => {
      google.faults.clear();
      return { status: 408, body: {} };
    };
    google.faults.add({ on: `POST ${at}/instances`, what: late });
    expect(await create()).toMatchObject({ state: 'present' });
    await expectSettled('present');
  });

  test('a VM that is being deleted is not made again under that call', async () => {
    await create();
    const word = await gcloud
      .deleteVm('shop', name, { mayUnprotect: true })
      .catch((error: SupervisorError) => error.details['confirmation'] as string);
    const options = { mayUnprotect: true, confirmation: word as string, waitSeconds: 0 };
    await expect(gcloud.deleteVm('shop', name, options)).rejects.toMatchObject({ code: 'operation_timeout' });
    await expect(create()).rejects.toMatchObject({ code: 'conflict', details: { kind: 'delete' } });
    await remove();
    await expectSettled('deleted');
  });

  test('a disk that Google leaves behind after a delete is deleted too, or named', async () => {
    await create();
    google.world.instances.get(`${zone}/${name}`)!.disks[0]!.autoDelete = false;
    await remove();
    await expectSettled('deleted');
  });

  test('a refusal leaves no VM and no open row', async () => {
    google.world.quota = 0;
    await expect(create()).rejects.toMatchObject({ code: 'quota' });
    google.world.quota = 100;
    await expectSettled('failed');
  });

  test('a VM of somebody else’s with that name is not touched', async () => {
    google.world.addInstance(zone, name);
    await expect(create()).rejects.toMatchObject({ code: 'already_exists' });
    expect((await database.orm.select().from(gcloudVms)).map((row) => row.state)).toEqual(['failed']);
    expect(google.world.instances.size).toBe(1);
  });

  test('a VM that lost its label, or was made anew by somebody, is not touched', async () => {
    const { id } = await create();
    const made = google.world.instances.get(`${zone}/${name}`)!;
    delete made.labels!['supervisor-vm'];
    await expect(gcloud.stopVm('shop', name)).rejects.toMatchObject({ code: 'not_owned' });
    await expect(gcloud.deleteVm('shop', name, { mayUnprotect: true })).rejects.toMatchObject({ code: 'not_owned' });
    google.world.removeInstance(zone, name);
    google.world.addInstance(zone, name, { labels: { 'supervisor-vm': id } });
    await expect(gcloud.stopVm('shop', name)).rejects.toMatchObject({
      code: 'not_owned',
      message: expect.stringContaining('another machine'),
    });
    expect(google.world.instances.get(`${zone}/${name}`)).toMatchObject({ status: 'RUNNING' });
  });

  test('what was never sent is not sent a quarter of an hour later, what was made is taken up', async () => {
    for (const [when, state] of [
      ['before', 'failed'],
      ['after', 'present'],
    ] as const) {
      await database.orm.delete(gcloudVms).where(sql`true`);
      const { by, death } = dying(1, when);
      await Promise.race([create(by), death]);
      google.world.forgetRequests();
      clock.advance(16 * 60);
      await gcloud.resume({ alone: true });
      await expectSettled(state);
    }
  });

  test('a start that was never sent is not made up for a quarter of an hour later', async () => {
    await create();
    await gcloud.stopVm('shop', name);
    const { by, death } = dying(2, 'before');
    await Promise.race([by.startVm('shop', name), death]);
    clock.advance(16 * 60);
    await gcloud.resume({ alone: true });
    expect(await openOperations()).toEqual([]);
    expect(google.world.instances.get(`${zone}/${name}`)).toMatchObject({ status: 'TERMINATED' });
    expect(await gcloud.getVm('shop', name)).toMatchObject({
      desired: 'stopped',
      lastError: expect.stringContaining('not started in time'),
    });
  });

  test('a reset is done once, also when Google has forgotten it meanwhile', async () => {
    await create();
    const { by, death } = dying(3, 'before');
    await Promise.race([by.resetVm('shop', name), death]);
    const since = google.log.length;
    clock.advance(60);
    google.world.settle();
    google.world.operations.clear();
    google.world.forgetRequests();
    await gcloud.resume({ alone: true });
    await expectSettled('present');
    expect(google.log.slice(since).some(({ route }) => route?.endsWith('/reset'))).toBe(false);
  });

  test('a request id that Google has forgotten makes no second VM', async () => {
    const { by, death } = dying(1, 'after');
    await Promise.race([create(by), death]);
    google.world.forgetRequests();
    await gcloud.resume({ alone: true });
    await expectSettled('present');
  });

  test('an operation that Google has forgotten is looked after by its effect', async () => {
    const { by, death } = dying(3, 'before');
    await Promise.race([create(by), death]);
    clock.advance(60);
    google.world.settle();
    google.world.operations.clear();
    google.world.forgetRequests();
    await gcloud.resume({ alone: true });
    await expectSettled('present');
  });

  test('what ends meanwhile confirms no delete', async () => {
    await create();
    const codes = new Set<string>();
    const other = manager();
    for (const change of ['stopVm', 'startVm', 'stopVm', 'startVm'] as const) {
      const under = { way: true };
      const changing = gcloud[change]('shop', name, { waitSeconds: 120 }).finally(() => (under.way = false));
      while (under.way) {
        codes.add(await codeOf(other.deleteVm('shop', name)));
        // Without it only the embedded database would ever have a turn.
        await setImmediate();
      }
      await changing;
    }
    expect([...codes].filter((code) => !['conflict', 'protected'].includes(code))).toEqual([]);
    await expectSettled('present');
  });

  test('a delete takes no protection away that was given meanwhile', async () => {
    await gcloud.createVm('shop', name, { ephemeral: true, waitSeconds: 120 });
    const first = await gcloud.deleteVm('shop', name).catch((error: SupervisorError) => error.details);
    let reads = 0;
    google.faults.add({
      on: (_request, route) => {
        // It is read for the confirmation, and again before it is deleted.
        if (route === `GET ${instance}` && ++reads === 2) google.world.instances.get(`${zone}/${name}`)!.deletionProtection = true;
        return false;
      },
      what: 'error-before',
    });
    const { confirmation } = first as { confirmation: string };
    expect(await codeOf(gcloud.deleteVm('shop', name, { confirmation }))).toBe('protected');
    await expectSettled('present');
  });

  test('an account is not removed under a VM that is being made', async () => {
    for (let round = 0; round < 10; round++) {
      const account = `short-${round}`;
      await gcloud.setAccount(account, { gcpProject: google.world.project, keyPath: 'meta/gcloud/key', computeUrl: google.url });
      await gcloud.setLimits(account, { zones: [zone] });
      const made = codeOf(gcloud.createVm('shop', `vm-${round}`, { account, waitSeconds: 0 }));
      await new Promise((resolve) => setTimeout(resolve, round));
      const removed = await codeOf(manager().removeAccount(account));
      const rows = await database.orm.select().from(gcloudVms).where(eq(gcloudVms.account, account));
      expect([removed, rows.length, await made]).toEqual(removed === 'ok' ? ['ok', 0, 'not_found'] : ['conflict', 1, 'operation_timeout']);
    }
    await database.orm.delete(gcloudVms).where(sql`true`);
    await database.orm.delete(gcloudAccounts).where(ne(gcloudAccounts.name, 'main'));
  });

  test('who waits too short is told where to wait on, and the VM comes all the same', async () => {
    await expect(gcloud.createVm('shop', name, { waitSeconds: 0 })).rejects.toMatchObject({ code: 'operation_timeout' });
    const [under] = await openOperations();
    expect(await gcloud.getVm('shop', name)).toMatchObject({ state: 'creating', operation: { id: under!.id, step: 'insert' } });
    await expect(gcloud.deleteVm('shop', name, { mayUnprotect: true })).rejects.toMatchObject({ code: 'conflict' });
    expect(await gcloud.waitOperation(under!.id)).toMatchObject({ status: 'done', kind: 'create' });
    await expectSettled('present');
  });

  test('a caller who leaves leaves the operation to others', async () => {
    const controller = new AbortController();
    const call = gcloud.createVm('shop', name, {
      signal: controller.signal,
      progress: (_done, _total, message) => message.includes('%') && controller.abort(),
    });
    expect(await codeOf(call)).toBe('cancelled');
    await gcloud.resume();
    await expectSettled('present');
  });

  test('the same asked twice at once is done once', async () => {
    const both = await Promise.all([create(manager()), create(manager())]);
    expect(both.map(({ created }) => created).toSorted()).toEqual([false, true]);
    await expectSettled('present');
    const since = google.log.length;
    await Promise.all([manager(), manager()].map((by) => by.stopVm('shop', name)));
    const stops = google.log.slice(since).filter(({ route }) => route === `POST ${instance}/stop`);
    expect(stops).toHaveLength(1);
    await gcloud.startVm('shop', name);
  });

  test('without its key nothing is lost: the operation waits', async () => {
    const text = key.text;
    key.text = 'no key';
    const blind = manager();
    await expect(create(blind)).rejects.toMatchObject({ code: 'invalid_input', message: expect.not.stringContaining('no key') });
    expect(await openOperations()).toHaveLength(1);
    key.text = text;
    await gcloud.resume({ alone: true });
    await expectSettled('present');
  });

  test('an operation ends once, whatever its earlier holder still writes', async () => {
    await create();
    const [before] = await database.orm.select().from(gcloudOperations).where(ne(gcloudOperations.status, 'running'));
    await gcloud.resume({ alone: true });
    const [after] = await database.orm.select().from(gcloudOperations).where(eq(gcloudOperations.id, before!.id));
    expect(after).toEqual(before);
  });
});

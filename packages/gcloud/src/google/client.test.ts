import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, FakeGoogleCloud, fakeTransport } from '@supervisor/fakes';
import { checkedOrigin, GoogleClient } from './client.js';
import { Compute } from './compute.js';
import { Credentials, scopes } from './credentials.js';
import { operationFailure } from './operation-failure.js';
import { parseServiceAccountKey, signToken } from './service-account.js';

const clock = new FakeClock();
const transport = fakeTransport(clock);
const google = new FakeGoogleCloud({ clock });
const folder = mkdtempSync(join(tmpdir(), 'supervisor-gcloud-'));
let key = '';
let compute: Compute;
beforeAll(async () => {
  await google.listen();
  key = google.identity.newKey();
  const credentials = new Credentials(async () => key, {}, transport);
  compute = new Compute(new GoogleClient(google.url, (renew) => credentials.token(renew), transport), google.world.project);
});
afterAll(async () => {
  await google.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  google.faults.clear();
  google.log.length = 0;
});

describe('a client', () => {
  test('goes to https, or to this machine', () => {
    expect(checkedOrigin('https://compute.googleapis.com')).toBe('https://compute.googleapis.com');
    expect(checkedOrigin('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080');
    for (const url of [
      'http://compute.googleapis.com',
      'http://10.0.0.1',
      'ftp://127.0.0.1',
      'https://x.example.com/path',
      'https://user@x.example.com',
      'x',
    ])
      expect(() => checkedOrigin(url)).toThrow();
  });

  test('repeats what may work later, under the same request id', async () => {
    google.world.addInstance('us-central1-a', 'vm');
    google.faults.add({ what: 'error-before' }, { what: 'cut-before' });
    const requestId = '00000000-0000-4000-8000-000000000001';
    expect(await compute.change('us-central1-a', 'vm', 'stop', requestId)).toMatchObject({ status: 'PENDING' });
    expect(google.log.map(({ request }) => request.query.get('requestId'))).toEqual([requestId, requestId, requestId]);
  });

  test('waits as long as it is told, unless that is too long', async () => {
    const before = clock.now().getTime();
    google.faults.add({ what: 'rate-limited', retryAfter: 7 });
    await compute.zones();
    expect((clock.now().getTime() - before) / 1000).toBeGreaterThanOrEqual(7);
    google.faults.add({ what: 'rate-limited', retryAfter: 3600 });
    await expect(compute.zones()).rejects.toMatchObject({ code: 'rate_limited', details: { retryAfterSeconds: 3600 } });
    expect(google.log).toHaveLength(3);
  });

  test('gives up after four attempts', async () => {
    google.faults.add({ what: 'error-before', times: 9 });
    await expect(compute.zones()).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(google.log).toHaveLength(4);
  });

  test.each([
    [400, 'invalid', 'invalid_input'],
    [401, 'authError', 'forbidden'],
    [403, 'forbidden', 'forbidden'],
    [403, 'quotaExceeded', 'quota'],
    [404, 'notFound', 'not_found'],
    [409, 'alreadyExists', 'already_exists'],
    [409, 'resourceInUse', 'conflict'],
    [412, 'conditionNotMet', 'conflict'],
  ])('says %i %s as %s, with Google’s reason and without its own token', async (code, reason, expected) => {
    const answer = () => ({ status: code, body: { error: { code, message: 'Said by Google', errors: [{ reason }] } } });
    google.faults.add({ what: answer, times: 4 });
    const error = await compute.zones().then(
      () => ({ code: 'none' }),
      (error: Error & { code: string; details: object }) => error,
    );
    expect(error).toMatchObject({ code: expected, details: { status: code, reason } });
    expect(JSON.stringify(error)).not.toContain('eyJ');
  });

  test.each([
    // In Google's words, of 2024.
    [
      403,
      'accessNotConfigured',
      'Compute Engine API has not been used in project 1 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/compute.googleapis.com/overview?project=1 then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.',
      'gcloud services enable compute.googleapis.com',
    ],
    [
      403,
      undefined,
      'Cloud Monitoring API has not been used in project 1 before or it is disabled.',
      'gcloud services enable compute.googleapis.com',
    ],
    [404, 'notFound', "The resource 'projects/p/global/networks/default' was not found", 'gcloud compute networks create default'],
  ])('says what to do about %i %s', async (code, reason, message, next) => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.Help' }, { reason: 'SERVICE_DISABLED' }];
    const why = reason === undefined ? { status: 'PERMISSION_DENIED', details } : { errors: [{ reason }] };
    google.faults.add({ what: () => ({ status: code, body: { error: { code, message, ...why } } }) });
    await expect(compute.zones()).rejects.toThrow(next);
  });

  test('says that a clock is wrong where a token is refused for it', async () => {
    const date = new Date(clock.now().getTime() - 3_600_000).toUTCString();
    google.faults.add({ what: () => ({ status: 401, headers: { date }, body: { error: { code: 401, message: 'no' } } }), times: 2 });
    await expect(compute.zones()).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('60 minutes ahead') });
  });

  test('takes no answer that is not as the API says', async () => {
    google.faults.add({ what: () => ({ status: 200, body: { items: [{ name: 7 }] } }) }, { what: () => ({ status: 200, text: '<html>' }) });
    await expect(compute.zones()).rejects.toMatchObject({ code: 'provider_unavailable', message: expect.stringContaining('items.0') });
    await expect(compute.zones()).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  test('follows no redirect with its token', async () => {
    google.faults.add({ what: () => ({ status: 302, headers: { location: 'http://127.0.0.1:9/' } }), times: 4 });
    await expect(compute.zones()).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  test('reads every page', async () => {
    for (let n = 0; n < 1203; n++) google.world.addDisk('us-central1-b', `disk-${n}`);
    expect(await compute.disks('us-central1-b')).toHaveLength(1203);
    expect(google.log).toHaveLength(3);
  });
});

test('an operation that is done has failed when it has an error', () => {
  const done = { name: 'operation-1', status: 'DONE' as const, progress: 100 };
  expect(operationFailure(done)).toBeUndefined();
  expect(
    operationFailure({ ...done, error: { errors: [{ code: 'RESOURCE_NOT_FOUND', message: "'global/networks/default'" }] } }),
  ).toMatchObject({ message: expect.stringContaining('gcloud compute networks create default') });
  for (const [code, expected] of [
    ['QUOTA_EXCEEDED', 'quota'],
    ['ZONE_RESOURCE_POOL_EXHAUSTED', 'exhausted'],
    ['RESOURCE_ALREADY_EXISTS', 'already_exists'],
    ['INTERNAL', 'partial_failure'],
  ])
    expect(operationFailure({ ...done, error: { errors: [{ code: code!, message: 'why' }] } })).toMatchObject({ code: expected });
  expect(operationFailure({ ...done, httpErrorStatusCode: 503 })).toMatchObject({ code: 'partial_failure' });
  expect(operationFailure({ ...done, error: { errors: [] } })).toMatchObject({ code: 'partial_failure' });
});

describe('credentials', () => {
  test('a token is signed by the account itself, with no more scopes than needed, and kept until it ends', async () => {
    const read = { times: 0 };
    const credentials = new Credentials(
      async () => {
        read.times++;
        return key;
      },
      {},
      transport,
    );
    const token = await credentials.token();
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({ scope: scopes.join(' '), exp: (claims['iat'] as number) + 3600 });
    expect(scopes.some((scope) => scope.endsWith('cloud-platform'))).toBe(false);
    expect(await credentials.token()).toBe(token);
    clock.advance(3550);
    expect(await credentials.token()).not.toBe(token);
    expect(read.times).toBe(2);
    expect(await credentials.identity()).toMatch(/^robot@/);
  });

  test('what is no key is not shown', () => {
    for (const text of [
      '',
      'canary-secret',
      '{"type":"authorized_user","private_key":"canary-secret"}',
      JSON.stringify({ ...JSON.parse(key), private_key: 'canary-secret' }),
    ]) {
      const attempt = () => signToken(parseServiceAccountKey(text), scopes, 0);
      expect(attempt).toThrow('not a service-account key');
      expect(attempt).not.toThrow('canary');
    }
  });

  const adc = (content: object) => {
    const file = join(folder, 'adc.json');
    writeFileSync(file, JSON.stringify(content));
    return new Credentials(null, { file, tokenUrl: `${google.url}/token` }, transport);
  };
  const lists = async (credentials: Credentials) =>
    (await new Compute(new GoogleClient(google.url, (renew) => credentials.token(renew), transport), google.world.project).zones()).length;

  test('application-default: a key file, a person’s refresh token, the metadata server', async () => {
    expect(await lists(adc(JSON.parse(key) as object))).toBe(3);
    const person = { type: 'authorized_user', client_id: 'fake', client_secret: 'fake', refresh_token: 'fake-refresh-token' };
    expect(await lists(adc(person))).toBe(3);
    await expect(lists(adc({ ...person, refresh_token: 'canary-secret' }))).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.not.stringContaining('canary'),
    });
    await expect(lists(adc({ type: 'external_account' }))).rejects.toMatchObject({ message: expect.stringContaining('external_account') });
    const home = process.env['HOME'];
    process.env['HOME'] = folder;
    try {
      const machine = new Credentials(null, { metadataHost: new URL(google.url).host }, transport);
      expect(await lists(machine)).toBe(3);
      expect(await machine.identity()).toMatch(/^robot@/);
      await expect(lists(new Credentials(null, { metadataHost: 'metadata.example.com' }, transport))).rejects.toMatchObject({
        code: 'forbidden',
      });
    } finally {
      process.env['HOME'] = home;
    }
    await expect(lists(new Credentials(null, { file: join(folder, 'none.json') }, transport))).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('one that Google refuses is made anew once', async () => {
    const asked: boolean[] = [];
    const good = new Credentials(async () => key, {}, transport);
    const client = new GoogleClient(google.url, (renew) => (asked.push(renew), renew ? good.token() : Promise.resolve('stale')), transport);
    expect(await new Compute(client, google.world.project).zones()).toHaveLength(3);
    expect(asked).toEqual([false, true]);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { testDatabases } from '@supervisor/db/testing';
import { ready, type Database } from '@supervisor/db';
import { FakeClock, FakeServer, type FakeAnswer } from '@supervisor/fakes';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { leaseSeconds } from '../alone.js';
import { cloudflareMigrations } from '../migrations.js';
import { burst, rate, TokenBucket } from './bucket.js';
import { CloudflareApi } from './cloudflare-api.js';

const token = 'fake-cloudflare-token';
const thing = z.object({ id: z.string() });

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let server: FakeServer;
  let api: CloudflareApi;
  let made: string[];
  let answer: FakeAnswer;
  const clock = new FakeClock();
  const slept: number[] = [];
  const time = {
    now: () => clock.now(),
    sleep: async (milliseconds: number) => {
      slept.push(milliseconds);
      clock.advance(milliseconds / 1000);
    },
  };
  beforeAll(async () => {
    database = await open();
    await ready(database, cloudflareMigrations);
  });
  beforeEach(async () => {
    made = [];
    slept.length = 0;
    answer = { status: 200, body: { success: true, result: { id: 'a' } } };
    server = new FakeServer({
      routes: {
        'GET /things': () => answer,
        'PUT /things': () => answer,
        'DELETE /things': () => answer,
        'POST /things': () => {
          made.push('a');
          return answer;
        },
      },
      failure: (status, message) => ({ success: false, errors: [{ code: status, message }] }),
    });
    const baseUrl = await server.listen();
    api = new CloudflareApi({ baseUrl, token: async () => token, bucket: new TokenBucket(database.orm, 'test', time), time });
  });
  afterEach(async () => {
    await server.close();
    await database.orm.execute(sql`delete from supervisor.cloudflare_buckets`);
  });
  afterAll(() => database.close());
  const find = async () => (made.length > 0 ? { id: 'found' } : undefined);

  test.each(['error-before', 'cut-before', 'cut-after'] as const)('%s: reads, writes and deletes are repeated', async (what) => {
    server.faults.add({ what }, { what });
    expect(await api.get('/things', thing)).toEqual({ id: 'a' });
    server.faults.add({ what });
    expect(await api.put('/things', {}, thing)).toEqual({ id: 'a' });
    server.faults.add({ what });
    expect(await api.delete('/things')).toBe(true);
  });

  test('a creation is looked for before it is sent again', async () => {
    server.faults.add({ what: 'cut-after' });
    expect(await api.create('/things', {}, thing, find)).toEqual({ id: 'found' });
    expect(made).toHaveLength(1);
    made = [];
    server.faults.add({ what: 'cut-before' });
    expect(await api.create('/things', {}, thing, find)).toEqual({ id: 'a' });
    expect(made).toHaveLength(1);
  });

  test('after four tries it says that the provider is unavailable', async () => {
    server.faults.add({ what: 'error-before', times: 9 });
    await expect(api.get('/things', thing)).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(server.log).toHaveLength(4);
    expect(slept).toHaveLength(3);
    expect(slept[1]!).toBeGreaterThan(slept[0]! * 1.1);
  });

  test.each([
    ['that is slow', 15, 500],
    ['that asks for pauses', 0, 429],
  ])('a request to a provider %s ends before the lease that it is made under', async (_how, seconds, status) => {
    const begin = clock.now().getTime();
    const what = () => {
      clock.advance(seconds);
      return { status, body: {}, headers: { 'retry-after': '19' } };
    };
    server.faults.add({ what, times: 9 });
    await expect(api.put('/things', {}, thing)).rejects.toThrow();
    expect(server.log.length).toBeGreaterThan(1);
    expect((clock.now().getTime() - begin) / 1000).toBeLessThan(leaseSeconds - 20);
  });

  test('a pause that is asked for is made, by everybody with that token; a long one is told', async () => {
    server.faults.add({ what: 'rate-limited', retryAfter: 7 });
    await api.get('/things', thing);
    expect(slept.reduce((sum, milliseconds) => sum + milliseconds)).toBeGreaterThanOrEqual(7000);
    server.faults.add({ what: 'rate-limited', retryAfter: 200 });
    await expect(api.get('/things', thing)).rejects.toMatchObject({ code: 'rate_limited', details: { retryAfterSeconds: 200 } });
    const until = new Date(clock.now().getTime() + 200_000).toUTCString();
    await database.orm.execute(sql`delete from supervisor.cloudflare_buckets`);
    server.faults.add({ what: () => ({ status: 429, headers: { 'retry-after': until } }) });
    await expect(api.get('/things', thing)).rejects.toMatchObject({ details: { retryAfterSeconds: expect.closeTo(200, -1) } });
    const asked = server.log.length;
    await expect(new TokenBucket(database.orm, 'test', time).take()).rejects.toMatchObject({ code: 'rate_limited' });
    expect(server.log).toHaveLength(asked);
    clock.advance(200);
    await api.get('/things', thing);
  });

  test.each([
    [403, 10000, 'forbidden'],
    [400, 81053, 'already_exists'],
    [400, 81058, 'already_exists'],
    [400, 81045, 'quota'],
    [404, 7003, 'not_found'],
    [400, 1004, 'invalid_input'],
    [400, 1022, 'protected'],
  ])('%i with code %i is %s', async (status, code, expected) => {
    server.faults.add({ what: () => ({ status, body: { success: false, errors: [{ code, message: 'no' }] } }) });
    await expect(api.get('/things', thing)).rejects.toMatchObject({ code: expected, details: { status, codes: [code] } });
    expect(server.log).toHaveLength(1);
  });

  test('an answer that makes no sense is not taken for one', async () => {
    answer = { status: 200, body: { success: true, result: { id: 7 } } };
    await expect(api.get('/things', thing)).rejects.toMatchObject({ code: 'provider_unavailable' });
    for (const body of [{}, { success: false, result: null, errors: [] }]) {
      answer = { status: 200, body };
      await expect(api.delete('/things')).rejects.toMatchObject({ code: 'provider_unavailable' });
    }
  });

  test('a list without an end is not read for ever', async () => {
    answer = { status: 200, body: { success: true, result: [{ id: 'a' }], result_info: { per_page: 1 } } };
    await expect(api.list('/things', thing)).rejects.toMatchObject({ code: 'too_large' });
  });

  test('the token is in the header alone, and follows no redirect', async () => {
    server.faults.add({ what: () => ({ status: 302, headers: { location: `${server.url}/elsewhere` } }), times: 9 });
    const error = await api.get('/things', thing).catch((error: Error) => error);
    expect(server.log.map(({ route }) => route)).not.toContain(undefined);
    expect(JSON.stringify([error, (error as Error).message, server.log.map(({ request }) => [request.path, request.body])])).not.toContain(
      token,
    );
  });

  test('a thousand requests take the time that the rate gives them, whoever makes them', async () => {
    const buckets = [new TokenBucket(database.orm, 'rush', time), new TokenBucket(database.orm, 'rush', time)];
    const begin = clock.now().getTime();
    for (let request = 0; request < 1000; request++) await buckets[request % 2]!.take();
    const seconds = (clock.now().getTime() - begin) / 1000;
    expect(seconds).toBeGreaterThan((1000 - burst) / rate - 1);
    expect(seconds).toBeLessThan((1000 - burst) / rate + 2);
  });
});

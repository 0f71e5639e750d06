import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { testDatabases } from '@supervisor/db/testing';
import type { Database } from '@supervisor/db';
import { CloudflareFake, FakeClock } from '@supervisor/fakes';
import { sql } from 'drizzle-orm';
import { CloudflareManager } from '../cloudflare-manager.js';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let fake: CloudflareFake;
  let cloudflare: CloudflareManager;
  const clock = new FakeClock();
  const time = { now: () => clock.now(), sleep: async (milliseconds: number) => clock.advance(milliseconds / 1000) };
  const zone = () => fake.zone('example.com');
  const records = () => fake.state.recordsOf(zone());
  const a = { name: 'app.example.com', type: 'A' as const, content: '192.0.2.1' };

  beforeAll(async () => {
    database = await open();
  });
  beforeEach(async () => {
    fake = new CloudflareFake({ clock, zones: ['example.com', 'eu.example.com', 'example.org'] });
    const baseUrl = await fake.listen();
    const token = async (path: string) => (path.includes('broken') ? 'fake-wrong-token' : fake.token);
    cloudflare = new CloudflareManager({ db: database, token, time });
    await cloudflare.setAccount('main', { accountId: fake.account, tokenPath: 'meta/cloudflare/token', baseUrl });
  });
  afterEach(async () => {
    await fake.close();
    await database.orm.execute(sql`delete from supervisor.cloudflare_dns_records`);
    // Another token, another bucket.
    await database.orm.execute(sql`delete from supervisor.cloudflare_buckets`);
  });
  afterAll(() => database.close());

  test('verifies the token, and says which zones it has', async () => {
    expect(await cloudflare.verifyToken()).toEqual({
      account: 'main',
      status: 'active',
      expiresAt: null,
      zones: ['example.com', 'eu.example.com', 'example.org'],
    });
    const stranger = new CloudflareManager({ db: database, token: async () => 'fake-wrong-token', time });
    const refused = await stranger.verifyToken().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'forbidden', message: expect.stringMatching(/store a good one/) });
    expect(refused).toMatchObject({ message: expect.not.stringMatching(/fake-wrong|verify-token/) });
  });

  test('a token of the account itself is good when it sees the zones', async () => {
    const refused = () => ({ status: 401, body: { success: false, errors: [{ code: 1000, message: 'Invalid API Token' }] } });
    fake.server.faults.add({ on: 'GET /client/v4/user/tokens/verify', what: refused });
    expect(await cloudflare.verifyToken()).toMatchObject({ status: 'active', zones: expect.arrayContaining(['example.com']) });
  });

  test('a record is made once, and changed only where it differs', async () => {
    expect(await cloudflare.upsertRecord('shop', a)).toMatchObject({ changed: true, row: { state: 'live', zone: 'example.com' } });
    const before = fake.writes;
    expect(await cloudflare.upsertRecord('shop', a)).toMatchObject({ changed: false });
    expect(fake.writes).toBe(before);
    expect(await cloudflare.upsertRecord('shop', { ...a, content: '192.0.2.2', note: 'hi' })).toMatchObject({ changed: true });
    expect(records()).toMatchObject([{ content: '192.0.2.2', comment: expect.stringMatching(/^supervisor:[0-9a-f-]{36} hi$/) }]);
  });

  test('the zone is the one with the longest name that fits', async () => {
    expect(await cloudflare.upsertRecord('shop', { ...a, name: 'App.EU.example.com.' })).toMatchObject({
      row: { zone: 'eu.example.com', name: 'app.eu.example.com' },
    });
    await expect(cloudflare.upsertRecord('shop', { ...a, name: 'app.example.net' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(cloudflare.upsertRecord('shop', { ...a, name: 'notexample.com' })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('a name that others have is left alone, until the owner adopts it', async () => {
    const theirs = fake.state.addRecord(zone(), { ...a, comment: 'the old site' });
    for (const wish of [a, { ...a, content: '192.0.2.9' }, { ...a, type: 'CNAME' as const, content: 'x.example.org' }])
      await expect(cloudflare.upsertRecord('shop', wish)).rejects.toMatchObject({ code: 'not_owned' });
    await expect(cloudflare.deleteRecord('shop', { name: a.name })).rejects.toMatchObject({ code: 'not_owned' });
    expect(records()).toEqual([theirs]);
    expect(fake.writes).toBe(0);
    await cloudflare.adoptRecord('shop', { name: a.name });
    expect(records()).toMatchObject([{ content: a.content, comment: expect.stringMatching(/^supervisor:\S+ the old site$/) }]);
    await cloudflare.upsertRecord('shop', { ...a, content: '192.0.2.9' });
    await expect(cloudflare.upsertRecord('blog', a)).rejects.toMatchObject({ code: 'not_owned' });
    await cloudflare.releaseRecord('shop', { name: a.name });
    expect(records()).toMatchObject([{ id: theirs.id, content: '192.0.2.9', comment: null }]);
    await expect(cloudflare.deleteRecord('shop', { name: a.name })).rejects.toMatchObject({ code: 'not_owned' });
  });

  test('row and mark together make it ours: without the mark it is others’', async () => {
    await cloudflare.upsertRecord('shop', a);
    records()[0]!.comment = 'mine now';
    for (const call of [cloudflare.upsertRecord('shop', { ...a, content: '192.0.2.2' }), cloudflare.deleteRecord('shop', { name: a.name })])
      await expect(call).rejects.toMatchObject({ code: 'not_owned' });
    expect(records()).toMatchObject([{ content: a.content, comment: 'mine now' }]);
    expect(await cloudflare.syncRecords({ mend: true })).toMatchObject({ differing: [{ state: 'foreign', mended: false }] });
  });

  test('another Supervisor’s record cannot be adopted', async () => {
    fake.state.addRecord(zone(), { ...a, comment: 'supervisor:00000000-0000-4000-8000-000000000000' });
    await expect(cloudflare.adoptRecord('shop', { name: a.name })).rejects.toMatchObject({ code: 'not_owned' });
  });

  test('of two records of one kind one can be adopted, and the other stays others’', async () => {
    for (const content of ['192.0.2.1', '192.0.2.2']) fake.state.addRecord(zone(), { ...a, content });
    await cloudflare.adoptRecord('shop', { ...a, content: '192.0.2.1' });
    await expect(cloudflare.adoptRecord('shop', { ...a, content: '192.0.2.2' })).rejects.toMatchObject({ code: 'conflict' });
    await cloudflare.deleteRecord('shop', { name: a.name });
    expect(records()).toMatchObject([{ content: '192.0.2.2' }]);
  });

  test('an adoption that is refused leaves no row, and a change that is refused the former wish', async () => {
    fake.state.addRecord(zone(), a);
    const refused = () => ({ status: 403, body: { success: false, errors: [{ code: 9109, message: 'Unauthorized' }] } });
    fake.server.faults.add({ on: 'PATCH /client/v4/zones/{zone}/dns_records/{record}', what: refused });
    await expect(cloudflare.adoptRecord('shop', { name: a.name })).rejects.toMatchObject({ code: 'forbidden' });
    expect((await cloudflare.listRecords({}, { limit: 9 })).rows).toEqual([]);
    const b = { ...a, name: 'b.example.com' };
    await cloudflare.upsertRecord('shop', b);
    await expect(cloudflare.upsertRecord('shop', { ...b, content: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_input' });
    expect((await cloudflare.listRecords({}, { limit: 9 })).rows).toMatchObject([{ content: a.content, state: 'live' }]);
    expect(await cloudflare.syncRecords({ mend: false })).toMatchObject({ differing: [] });
  });

  test('calls at one time make one record, and a deletion leaves none', async () => {
    const contents = ['192.0.2.1', '192.0.2.2', '192.0.2.3', 'nonsense'];
    const done = await Promise.allSettled(contents.map((content) => cloudflare.upsertRecord('shop', { ...a, content })));
    // Each is told of its own wish.
    expect(done).toMatchObject([
      ...contents.slice(0, 3).map((content) => ({ status: 'fulfilled', value: { row: { content } } })),
      { status: 'rejected', reason: { code: 'invalid_input' } },
    ]);
    expect((await cloudflare.listRecords({}, { limit: 9 })).rows).toMatchObject([{ content: records()[0]!.content, state: 'live' }]);
    await cloudflare.upsertRecord('shop', a);
    expect(records()).toMatchObject([{ content: a.content }]);
    await Promise.allSettled([
      cloudflare.upsertRecord('shop', { ...a, content: '192.0.2.9' }),
      cloudflare.deleteRecord('shop', { name: a.name }),
    ]);
    await cloudflare.deleteRecord('shop', { name: a.name });
    expect({ records: records(), rows: (await cloudflare.listRecords({}, { limit: 9 })).rows }).toEqual({ records: [], rows: [] });
  });

  test.each<['TXT' | 'AAAA' | 'MX', string, string?]>([
    ['TXT', '"v=spf1 -all"', 'v=spf1 -all'],
    ['TXT', `${'x'.repeat(300)} "quoted" \\`],
    ['AAAA', '2001:DB8:0:0::1', '2001:db8::1'],
    ['MX', 'Mail.Example.com.', 'mail.example.com'],
  ])('a %s is known again however it is written', async (type, content, shown = content) => {
    const wish = { name: a.name, type, content, ...(type === 'MX' ? { priority: 10 } : {}) };
    expect(await cloudflare.upsertRecord('shop', wish)).toMatchObject({ changed: true, row: { content: shown } });
    const [record] = records();
    // Cloudflare shows a long text in pieces.
    if (type === 'TXT') record!.content = record!.content.replace(/^"(.{200})(.+)"$/s, '"$1" "$2"');
    expect(await cloudflare.upsertRecord('shop', wish)).toMatchObject({ changed: false });
    expect(await cloudflare.syncRecords({ mend: false })).toMatchObject({ differing: [] });
    expect(await cloudflare.deleteRecord('shop', { name: a.name, type, content })).toHaveLength(1);
  });

  test('a text from before there was one way of writing it stays what it is', async () => {
    await cloudflare.upsertRecord('shop', { ...a, type: 'TXT', content: 'v=spf1 -all' });
    await database.orm.execute(sql`update supervisor.cloudflare_dns_records set content = '"v=spf1 -all"', slot = 'another'`);
    expect(await cloudflare.syncRecords({ mend: true })).toMatchObject({ differing: [] });
    expect(await cloudflare.upsertRecord('shop', { ...a, type: 'TXT', content: '"v=spf1 -all"' })).toMatchObject({ changed: false });
    expect((await cloudflare.listRecords({}, { limit: 9 })).rows).toHaveLength(1);
    expect(records()).toMatchObject([{ content: '"v=spf1 -all"' }]);
    expect(await cloudflare.deleteRecord('shop', { name: a.name, type: 'TXT', content: 'v=spf1 -all' })).toHaveLength(1);
  });

  test('the zone is not guessed while an account cannot be asked for its own', async () => {
    const own = fake.state.addAccount('second');
    fake.zone('eu.example.com').account = own;
    const [main] = await cloudflare.listAccounts();
    await cloudflare.setAccount('second', { accountId: own, tokenPath: 'meta/second/token', baseUrl: main!.baseUrl });
    const name = 'app.eu.example.com';
    const away = () => fake.server.faults.add({ on: ({ query }) => query.get('account.id') === own, times: 99, what: 'error-before' });
    away();
    await expect(cloudflare.upsertRecord('shop', { ...a, name })).rejects.toMatchObject({
      code: 'provider_unavailable',
      message: expect.stringContaining('Account second'),
    });
    fake.server.faults.clear();
    // Of a record elsewhere in it nothing follows for this name.
    fake.zone('example.org').account = own;
    await cloudflare.upsertRecord('shop', { ...a, name: 'app.example.org' });
    away();
    const later = new CloudflareManager({ db: database, token: async () => fake.token, time });
    await expect(later.upsertRecord('shop', { ...a, name })).rejects.toMatchObject({ code: 'provider_unavailable' });
    fake.server.faults.clear();
    await cloudflare.deleteRecord('shop', { name: 'app.example.org' });
    await cloudflare.upsertRecord('shop', { ...a, name });
    clock.advance(120);
    away();
    expect(await cloudflare.upsertRecord('shop', a)).toMatchObject({ row: { zone: 'example.com' } });
    expect(await cloudflare.upsertRecord('shop', { ...a, name })).toMatchObject({ row: { zone: 'eu.example.com' } });
    fake.server.faults.clear();
    await cloudflare.deleteRecord('shop', { name });
    await cloudflare.removeAccount('second');
  });

  test('what else stands at a name is in no CNAME’s way, and ours is not called another’s', async () => {
    await cloudflare.upsertRecord('shop', { ...a, type: 'TXT', content: 'hello' });
    fake.state.addRecord(zone(), { name: a.name, type: 'MX', content: 'mail.example.com', priority: 10 });
    await cloudflare.upsertRecord('shop', { ...a, type: 'CNAME', content: 'x.example.org' });
    await expect(cloudflare.upsertRecord('shop', a)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('CNAME of project shop. Delete it first'),
    });
  });

  test('a zone that left the account, or an account that does not answer, keeps nobody back', async () => {
    await cloudflare.upsertRecord('shop', a);
    await cloudflare.upsertRecord('shop', { ...a, name: 'app.example.org' });
    fake.state.zones.splice(fake.state.zones.indexOf(fake.zone('example.org')), 1);
    expect(await cloudflare.syncRecords({ mend: true })).toMatchObject({
      zones: [
        { zone: 'example.com', inSync: 1, problem: null },
        { zone: 'example.org', problem: expect.any(String) },
      ],
    });
    await cloudflare.releaseRecord('shop', { name: 'app.example.org' });
    expect((await cloudflare.listRecords({}, { limit: 9 })).rows).toHaveLength(1);
    const [main] = await cloudflare.listAccounts();
    await cloudflare.setAccount('broken', { accountId: main!.accountId, tokenPath: 'meta/broken/token', baseUrl: main!.baseUrl });
    expect(await cloudflare.upsertRecord('shop', { ...a, content: '192.0.2.7' })).toMatchObject({ changed: true });
    await expect(cloudflare.setAccount('main', { accountId: 'f'.repeat(32), tokenPath: 'meta/cloudflare/token' })).rejects.toMatchObject({
      code: 'protected',
    });
    await cloudflare.removeAccount('broken');
  });

  test('a zone may be shown in Unicode', async () => {
    fake.state.addZone(fake.account, 'bücher.example');
    fake.state.addZone(fake.account, '0/25.2.0.192.in-addr.arpa');
    expect(await cloudflare.upsertRecord('shop', { ...a, name: 'app.bücher.example' })).toMatchObject({
      row: { zone: 'xn--bcher-kva.example', name: 'app.xn--bcher-kva.example' },
    });
  });

  test('deleting more than one record is the owner’s', async () => {
    for (const content of ['one', 'two']) await cloudflare.upsertRecord('shop', { ...a, type: 'TXT', content });
    await cloudflare.upsertRecord('shop', a);
    await expect(cloudflare.deleteRecord('shop', { name: a.name })).rejects.toMatchObject({ code: 'protected', details: { records: 3 } });
    expect(await cloudflare.deleteRecord('shop', { name: a.name, type: 'TXT', content: 'one' })).toHaveLength(1);
    expect(await cloudflare.deleteRecord('shop', { name: a.name }, true)).toHaveLength(2);
    expect(await cloudflare.deleteRecord('shop', { name: a.name })).toEqual([]);
    expect(records()).toEqual([]);
  });

  test('the name servers of the zone itself are never touched', async () => {
    const ns = fake.state.addRecord(zone(), { name: 'example.com', type: 'NS', content: 'ns1.example.net' });
    const wish = { name: 'example.com', type: 'NS' as const, content: 'ns2.example.net' };
    await expect(cloudflare.upsertRecord('shop', wish)).rejects.toMatchObject({ code: 'protected' });
    await expect(cloudflare.adoptRecord('shop', { name: 'example.com', type: 'NS' })).rejects.toMatchObject({ code: 'protected' });
    expect(records()).toEqual([ns]);
    await cloudflare.upsertRecord('shop', { ...wish, name: 'sub.example.com' });
  });

  test('sync says what differs, and mends only what it is asked to', async () => {
    for (const label of ['same', 'drift', 'gone']) await cloudflare.upsertRecord('shop', { ...a, name: `${label}.example.com` });
    const named = (label: string) => records().find(({ name }) => name === `${label}.example.com`)!;
    named('drift').content = '198.51.100.1';
    fake.state.records.delete(named('gone').id);
    const before = fake.writes;
    const report = await cloudflare.syncRecords({ mend: false });
    expect(report).toMatchObject({
      zones: [{ zone: 'example.com', records: 2, ours: 3, inSync: 1 }],
      differing: [
        { name: 'drift.example.com', state: 'drifted', drift: ['content'], mended: false },
        { name: 'gone.example.com', state: 'missing' },
      ],
    });
    expect(fake.writes).toBe(before);
    await cloudflare.syncRecords({ mend: true });
    expect(fake.writes).toBe(before + 2);
    expect(await cloudflare.syncRecords({ mend: true })).toMatchObject({ differing: [] });
    expect(fake.writes).toBe(before + 2);
  });

  test('sync deletes nothing and makes nothing anew where a deletion was broken off; asking again ends it', async () => {
    for (const label of ['stays', 'went']) {
      await cloudflare.upsertRecord('shop', { ...a, name: `${label}.example.com` });
      const what = label === 'stays' ? 'error-before' : 'error-after';
      fake.server.faults.add({ on: 'DELETE /client/v4/zones/{zone}/dns_records/{record}', times: 4, what });
      await expect(cloudflare.deleteRecord('shop', { name: `${label}.example.com` })).rejects.toMatchObject({
        code: 'provider_unavailable',
      });
      fake.server.faults.clear();
    }
    const writes = fake.writes;
    expect(await cloudflare.syncRecords({ mend: true })).toMatchObject({
      differing: [
        { name: 'stays.example.com', drift: ['deleting'], mended: false, problem: expect.stringContaining('Delete it again') },
        { name: 'went.example.com', state: 'missing', mended: false, problem: expect.stringContaining('Delete it again') },
      ],
    });
    expect(fake.writes).toBe(writes);
    for (const label of ['stays', 'went']) await cloudflare.deleteRecord('shop', { name: `${label}.example.com` });
    expect({ there: records(), rows: (await cloudflare.listRecords({}, { limit: 9 })).rows }).toEqual({ there: [], rows: [] });
  });

  test('a record that was made though the answer was lost is found, not made twice', async () => {
    fake.server.faults.add({ on: 'POST /client/v4/zones/{zone}/dns_records', what: 'error-after' });
    await cloudflare.upsertRecord('shop', a);
    fake.server.faults.add({ on: 'POST /client/v4/zones/{zone}/dns_records', what: 'cut-before' });
    await cloudflare.upsertRecord('shop', { ...a, name: 'two.example.com' });
    expect(records()).toHaveLength(2);
  });

  test('what fails for good leaves no row, what is not known leaves one with the reason', async () => {
    const refused = () => ({ status: 400, body: { success: false, errors: [{ code: 1004, message: 'DNS Validation Error' }] } });
    fake.server.faults.add({ on: 'POST /client/v4/zones/{zone}/dns_records', what: refused });
    await expect(cloudflare.upsertRecord('shop', a)).rejects.toMatchObject({ code: 'invalid_input', details: { codes: [1004] } });
    expect((await cloudflare.listRecords({}, { limit: 9 })).rows).toEqual([]);
    fake.server.faults.add({ on: 'POST /client/v4/zones/{zone}/dns_records', times: 9, what: 'error-before' });
    await expect(cloudflare.upsertRecord('shop', a)).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect((await cloudflare.listRecords({}, { limit: 9 })).rows).toMatchObject([
      { state: 'wanted', lastError: expect.stringContaining('500') },
    ]);
    fake.server.faults.clear();
    expect(await cloudflare.syncRecords({ mend: true })).toMatchObject({ differing: [{ state: 'missing', mended: true }] });
    expect(records()).toHaveLength(1);
  });

  test.each([
    [{ ...a, proxied: true, ttl: 300 }, 'automatic'],
    [{ ...a, type: 'TXT' as const, proxied: true }, 'proxied'],
    [{ ...a, type: 'MX' as const, content: 'mail.example.com' }, 'priority'],
    [{ ...a, type: 'CNAME' as const, content: 'app.example.com' }, 'itself'],
    [{ ...a, name: 'app' }, 'whole'],
    [{ ...a, name: '-x.example.com' }, 'no name'],
    [{ ...a, name: 'shop.example.com/admin' }, 'no name'],
    [{ ...a, name: '%61pp.example.com' }, 'no name'],
    [{ ...a, type: 'MX' as const, content: '10.1', priority: 10 }, 'no name'],
  ])('refuses %j before asking', async (wish, reason) => {
    await expect(cloudflare.upsertRecord('shop', wish)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(reason),
    });
    expect(fake.server.log).toEqual([]);
  });

  test('lists in pages', async () => {
    for (let index = 0; index < 5; index++) await cloudflare.upsertRecord('shop', { ...a, name: `n${index}.example.com` });
    const first = await cloudflare.listRecords({ project: 'shop' }, { limit: 3 });
    const second = await cloudflare.listRecords({ project: 'shop' }, { limit: 3, cursor: first.nextCursor });
    expect([...first.rows, ...second.rows].map(({ name }) => name)).toEqual([0, 1, 2, 3, 4].map((index) => `n${index}.example.com`));
    expect(second.nextCursor).toBeUndefined();
    expect((await cloudflare.listRecords({ project: 'blog' }, { limit: 3 })).rows).toEqual([]);
  });

  test('the token goes to https only, or to this machine', async () => {
    const settings = { accountId: fake.account, tokenPath: 'meta/cloudflare/token' };
    await expect(cloudflare.setAccount('x', { ...settings, baseUrl: 'http://api.example.com' })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await expect(cloudflare.setAccount('x', { ...settings, baseUrl: 'https://me@api.example.com' })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    expect(await cloudflare.setAccount('zz', settings)).toMatchObject({ baseUrl: 'https://api.cloudflare.com/client/v4' });
    expect(await cloudflare.removeAccount('zz')).toBe(true);
    await cloudflare.upsertRecord('shop', a);
    await expect(cloudflare.removeAccount('main')).rejects.toMatchObject({ code: 'protected' });
  });
});

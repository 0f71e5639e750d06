import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { owner } from '@supervisor/core';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql, type SQL } from 'drizzle-orm';
import { AuditTrail } from './audit-trail.js';

const key = async () => Buffer.alloc(32, 9);
// Without its chain, whose links are made anew over what is left.
const unchained = (statement: string) => `with gone as (delete from supervisor.audit_seals) ${statement}`;
const entry = { principal: owner, operation: 'retrieve_secret', projects: ['shop'], subject: 'shop/a/b' };

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let trail: AuditTrail;
  beforeAll(async () => {
    database = await open();
    trail = new AuditTrail({ db: database, key });
  });
  afterAll(() => database.close());

  const all = () =>
    rows<{ outcome: string | null; call: string }>(database.orm, sql`select outcome, call from supervisor.audit_events order by id`);
  async function release(value: string): Promise<void> {
    const call = await trail.intent(entry);
    await trail.outcome(call, entry, 'ok', [{ path: 'shop/a/b', version: 1, value }]);
  }

  test('an intent is written before, an outcome after, a refusal and a reading once, and no value', async () => {
    const call = await trail.intent(entry);
    expect(await all()).toEqual([{ outcome: null, call }]);
    await trail.outcome(call, entry, 'ok', [{ path: 'shop/a/b', version: 3, value: 'canary-93ab' }]);
    await trail.record({ ...entry, subject: 'shop/c/d' }, 'forbidden');
    expect((await all()).map(({ outcome }) => outcome)).toEqual([null, 'ok', 'forbidden']);
    await trail.record(entry, 'ok', [{ path: 'shop/a/b', version: 3, value: 'canary-93ab' }]);
    expect((await all()).map(({ outcome }) => outcome)).toEqual([null, 'ok', 'forbidden', 'ok']);
    const { events } = await trail.list();
    expect(events[0]!.fingerprint).toBe(events[2]!.fingerprint);
    expect(events).toMatchObject([
      { subject: 'shop/a/b', outcome: 'ok', version: 3 },
      { subject: 'shop/c/d', outcome: 'forbidden', fingerprint: null },
      { subject: 'shop/a/b', outcome: 'ok', version: 3, fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/), principal: 'owner' },
    ]);
    expect(JSON.stringify(await rows(database.orm, sql`select e::text from supervisor.audit_events e`))).not.toContain('canary');
  });

  test('a call without an outcome is shown as such, and filters narrow', async () => {
    await trail.intent({ ...entry, subject: 'shop/died/key' });
    await release('one');
    expect((await trail.list({ subject: 'shop/died' })).events).toMatchObject([{ outcome: null }]);
    expect((await trail.list({ outcome: 'forbidden' })).events).toHaveLength(1);
    expect(await trail.list({ outcome: 'forbidden', limit: 1 })).not.toHaveProperty('nextCursor');
    const first = await trail.list({ limit: 2 });
    expect((await trail.list({ cursor: first.nextCursor })).events[0]!.id).toBeLessThan(first.events[1]!.id);
  });

  test('calls at one time share a statement, and all are there', async () => {
    const before = (await all()).length;
    await Promise.all(Array.from({ length: 200 }, (_, index) => release(`value ${index}`)));
    await trail.flush();
    expect((await all()).length).toBe(before + 400);
    expect(await trail.verify()).toMatchObject({ ok: true, problems: [] });
  });

  test('a call over several projects is found in each of them', async () => {
    const values = ['one/a/key', 'two/a/key'].map((path) => ({ path, version: 1, value: 'canary-93ab' }));
    const bulk = { principal: owner, operation: 'store_secret_bulk', projects: ['one', 'two', 'one'], subject: 'one/a/key two/a/key' };
    const call = await trail.intent(bulk);
    const found = async (project: string) => (await trail.list({ project })).events.map(({ subject, outcome }) => [subject, outcome]);
    expect(await found('one')).toEqual([['one/a/key two/a/key', null]]);
    expect(await found('two')).toEqual([['one/a/key two/a/key', null]]);
    await trail.outcome(call, bulk, 'ok', values);
    expect(await found('one')).toEqual([['one/a/key', 'ok']]);
    expect(await found('two')).toEqual([['two/a/key', 'ok']]);
    await trail.record(bulk, 'forbidden');
    expect((await found('two'))[0]).toEqual(['one/a/key two/a/key', 'forbidden']);
    expect(await trail.verify()).toMatchObject({ ok: true });
  });

  test('an intent is written soon, at whatever moment it comes', async () => {
    for (let turns = 0; turns < 80; turns++) {
      const first = trail.intent(entry);
      const second = (async () => {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        return trail.intent(entry);
      })();
      await Promise.all([first, second]);
    }
  });

  test('what a caller names that no database can store costs nobody else their row', async () => {
    const subjects = ['shop/a\0b', 'shop/a\ud800b', 'shop/a/b'];
    const calls = await Promise.all(subjects.map((subject) => trail.intent({ ...entry, subject })));
    const { events } = await trail.list({ limit: 3 });
    expect(events.map(({ subject }) => subject).toSorted()).toEqual(['shop/a/b', 'shop/a\ufffdb', 'shop/a\ufffdb']);
    expect(new Set(calls).size).toBe(3);
    expect(await trail.verify()).toMatchObject({ ok: true, problems: [] });
  });

  test.each([
    [
      'a field of a row',
      sql`update supervisor.audit_events set subject = 'shop/x/y' where id = (select min(id) + 1 from supervisor.audit_events)`,
    ],
    ['a row removed', sql`delete from supervisor.audit_events where id = (select min(id) + 2 from supervisor.audit_events)`],
    [
      'a row doubled',
      sql`insert into supervisor.audit_events (at, call, principal_id, principal_kind, operation, mac) select at, call, principal_id, principal_kind, 'x', mac from supervisor.audit_events limit 1`,
    ],
    ['a MAC taken off', sql`update supervisor.audit_events set mac = null where id = (select max(id) from supervisor.audit_events)`],
    ['a link removed', sql`delete from supervisor.audit_seals where id = 1`],
    [
      'a row changed with the chain and its MAC taken off',
      sql.raw(unchained(`update supervisor.audit_events set mac = null, subject = 'shop/x/y' where id = 1`)),
    ],
    ['a row removed with the chain', sql.raw(unchained('delete from supervisor.audit_events where id = 2'))],
  ])('%s is found', async (_, tamper: SQL) => {
    await trail.verify();
    await release('before');
    expect(await trail.verify()).toMatchObject({ ok: true });
    await database.orm.execute(sql`create table supervisor.kept_events as table supervisor.audit_events`);
    await database.orm.execute(sql`create table supervisor.kept_seals as table supervisor.audit_seals`);
    await database.orm.execute(tamper);
    const { ok, problems } = await trail.verify();
    expect(ok).toBe(false);
    expect(problems.length).toBeGreaterThan(0);
    for (const table of ['events', 'seals']) {
      await database.orm.execute(sql.raw(`truncate supervisor.audit_${table}`));
      const overriding = table === 'events' ? 'overriding system value' : '';
      await database.orm.execute(sql.raw(`insert into supervisor.audit_${table} ${overriding} select * from supervisor.kept_${table}`));
      await database.orm.execute(sql.raw(`drop table supervisor.kept_${table}`));
    }
    expect(await trail.verify()).toMatchObject({ ok: true });
  });

  test('a trail that was cut lacks a head that was seen before', async () => {
    await release('last');
    const { head } = await trail.verify();
    expect(await trail.verify(head)).toMatchObject({ ok: true });
    await database.orm.execute(
      sql`delete from supervisor.audit_events where id > (select max(last) from supervisor.audit_seals where id < (select max(id) from supervisor.audit_seals))`,
    );
    await database.orm.execute(sql`delete from supervisor.audit_seals where id = (select max(id) from supervisor.audit_seals)`);
    // This process has seen the end that is gone; another one is told of it.
    expect(await trail.verify()).toMatchObject({ ok: false });
    const other = new AuditTrail({ db: database, key });
    expect(await other.verify()).toMatchObject({ ok: true });
    expect(await other.verify(head)).toMatchObject({ ok: false });
  });

  test('a chain that is made anew behind our back does not become the one to compare with', async () => {
    const own = new AuditTrail({ db: database, key });
    await own.verify();
    await database.orm.execute(sql`delete from supervisor.audit_seals`);
    await own.seal();
    await own.seal();
    expect(await own.verify()).toMatchObject({ ok: false });
  });

  test('a row is not written again when only the answer to its writing was lost', async () => {
    let lost = 0;
    const lossy = new AuditTrail({ db: losingAnswers(database, () => lost-- > 0), key });
    const call = await lossy.intent(entry);
    await lossy.outcome(call, entry, 'ok', []);
    lost = 1;
    await lossy.flush();
    await lossy.flush();
    expect((await all()).filter((row) => row.call === call).map(({ outcome }) => outcome)).toEqual([null, 'ok']);
    expect(await lossy.verify()).toMatchObject({ ok: true, problems: [] });
  });

  test('when the trail cannot be written, an intent fails and an outcome waits', async () => {
    const failures: unknown[] = [];
    const failing = new AuditTrail({ db: database, key, onError: (error) => failures.push(error) });
    const call = await failing.intent(entry);
    await database.orm.execute(sql`alter table supervisor.audit_events rename to elsewhere`);
    await failing.outcome(call, entry, 'ok', []);
    await expect(failing.intent(entry)).rejects.toThrow();
    expect(failures).toHaveLength(1);
    await database.orm.execute(sql`alter table supervisor.elsewhere rename to audit_events`);
    await failing.flush();
    expect((await all()).filter((row) => row.call === call).map(({ outcome }) => outcome)).toEqual([null, 'ok']);
  });
});

// Every prepared statement takes effect, and now and then its answer does not come.
function losingAnswers(database: Database, lose: () => boolean): Database {
  const orm = Object.create(database.orm) as Database['orm'];
  const select = (fields: Parameters<typeof orm.select>[0]) => ({
    from(source: SQL) {
      const query = database.orm.select(fields).from(source);
      const prepare = (name: string) => {
        const prepared = query.prepare(name);
        const execute = async (values: Record<string, unknown>) => {
          const answer = await prepared.execute(values);
          if (lose()) throw new Error('The answer was lost.');
          return answer;
        };
        return { execute };
      };
      return Object.assign(Object.create(query) as typeof query, { prepare });
    },
  });
  return { ...database, orm: Object.assign(orm, { select }) as unknown as Database['orm'] };
}

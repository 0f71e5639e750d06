import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { owner } from '@supervisor/core';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql, type SQL } from 'drizzle-orm';
import { deriveKeys, rowMac, rowWriter, type Row } from './audit-row.js';
import { AuditTrail } from './audit-trail.js';

const master = Buffer.alloc(32, 9);
const by = { principal: owner, signal: new AbortController().signal, progress: () => {} };
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

async function addRow({ orm }: Database, at: string, subject: string): Promise<void> {
  const nothing = { project: null, subject, version: null, fingerprint: null, outcome: 'ok', endedAt: null };
  const row: Row = { at, call: randomUUID(), principalId: 'owner', principalKind: 'owner', operation: 'old', ...nothing };
  await rowWriter(orm)([{ ...row, mac: rowMac(deriveKeys(master), row) }]);
}

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let trail: AuditTrail;
  beforeAll(async () => {
    database = await open();
    trail = new AuditTrail({ db: database, key: async () => master });
    for (const days of [90, 80, 70, 50, 40]) await addAged(days);
    await trail.intent({ principal: owner, operation: 'store_secret', projects: ['shop'] });
  });
  afterAll(() => database.close());

  // As a service of that day would have left it, with a link of its own.
  async function addAged(days: number): Promise<void> {
    await trail.verify();
    await addRow(database, daysAgo(days), `day ${days}`);
    await trail.seal();
  }
  const subjects = async () => (await trail.list({ principal: 'owner' })).events.map(({ subject }) => subject).toReversed();

  test('the last 30 days stay', async () => {
    await expect(trail.prune(daysAgo(29), by)).rejects.toThrow('The last 30 days stay.');
  });

  test('a trail that nothing is too old in stays as it is', async () => {
    expect(await trail.prune(daysAgo(100), by)).toEqual({ removed: 0, since: null });
    expect(await trail.verify()).toMatchObject({ ok: true, rows: 6 });
  });

  test('what is older goes, and the rest is proved to be whole', async () => {
    const { head } = await trail.verify();
    const copied = await rows<{ row: string }>(
      database.orm,
      sql`select to_json(e)::text as row from supervisor.audit_events e where id = 1`,
    );
    const told: string[] = [];
    const watched = { ...by, progress: (_done: number, _total?: number, message = '') => void told.push(message) };
    expect(await trail.prune(daysAgo(60), watched)).toEqual({ removed: 3, since: expect.stringContaining(daysAgo(60).slice(0, 10)) });
    expect(told.slice(-2)).toEqual(['6 of 6 rows checked', '3 rows removed']);
    expect(await subjects()).toEqual(['day 50', 'day 40', null, expect.stringContaining(daysAgo(60).slice(0, 10))]);
    expect(await trail.verify()).toMatchObject({ ok: true, problems: [], rows: 4 });
    expect(await trail.verify(head)).toMatchObject({ ok: true });
    expect(await trail.verify('1.00')).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('from before the trail was pruned')],
    });
    const again = sql`insert into supervisor.audit_events overriding system value
      select (json_populate_record(null::supervisor.audit_events, (r::jsonb || '{"id": 1000}')::json)).* from (values (${copied[0]!.row})) as t(r)`;
    await tampered(again, 'a copy of a removed one');
  });

  test.each([
    ['a row after it taken away', sql`delete from supervisor.audit_events where subject = 'day 50'`, 'some were changed, removed or added'],
    ['the row that proves it taken away', sql`delete from supervisor.audit_events where operation = 'prune_audit'`, 'is missing'],
    [
      'the link that the trail goes on after taken away',
      sql`delete from supervisor.audit_seals where id = (select min(id) from supervisor.audit_seals)`,
      'after which the trail goes on',
    ],
    [
      'a row that would prove more',
      sql`update supervisor.audit_events set version = version + 1 where operation = 'prune_audit'`,
      'was changed or forged',
    ],
    [
      'a row put where the removed ones were',
      sql`insert into supervisor.audit_events (id, at, call, principal_id, principal_kind, operation) overriding system value
        values (1, now(), ${randomUUID()}, 'agent', 'agent', 'retrieve_secret')`,
      'without a MAC',
    ],
    [
      'a link moved over changed rows, with the later ones taken away,',
      sql`with first as (select min(id) as id from supervisor.audit_seals),
        gone as (delete from supervisor.audit_seals where id > (select id from first)),
        forged as (update supervisor.audit_events set mac = null, subject = 'x' where subject = 'day 40')
        update supervisor.audit_seals set last = 1000000 where id = (select id from first)`,
      'is missing or was changed',
    ],
  ])('%s is found', (_, tamper, problem) => tampered(tamper, problem));

  async function tampered(tamper: SQL, problem: string): Promise<void> {
    const undone = new Error('undone');
    const look = database.orm.transaction(async (tx) => {
      await tx.execute(tamper);
      const { ok, problems } = await new AuditTrail({ db: { ...database, orm: tx }, key: async () => master }).verify();
      expect({ ok, problems }).toEqual({ ok: false, problems: expect.arrayContaining([expect.stringContaining(problem)]) });
      throw undone;
    });
    await expect(look).rejects.toBe(undone);
  }

  test('a link that was moved takes nothing along', async () => {
    const undone = new Error('undone');
    const look = database.orm.transaction(async (tx) => {
      await tx.execute(sql`update supervisor.audit_seals set last = 1000000 where id = (select min(id) from supervisor.audit_seals)`);
      const moved = new AuditTrail({ db: { ...database, orm: tx }, key: async () => master });
      expect(await moved.prune(daysAgo(100), by, { despite: true })).toMatchObject({ removed: 0 });
      throw undone;
    });
    await expect(look).rejects.toBe(undone);
  });

  test('what was interrupted goes on with the next time', async () => {
    const early = { ...by, signal: AbortSignal.abort() };
    await expect(trail.prune(daysAgo(45), early)).rejects.toMatchObject({ code: 'cancelled' });
    const controller = new AbortController();
    const progress = (done: number, total?: number) => done === total && controller.abort();
    expect(await trail.prune(daysAgo(45), { ...by, signal: controller.signal, progress })).toMatchObject({ removed: 0 });
    expect(await trail.verify()).toMatchObject({ ok: true });
    expect(await trail.prune(daysAgo(45), by)).toMatchObject({ removed: 1 });
    expect((await subjects())[0]).toBe('day 40');
    expect(await trail.verify()).toMatchObject({ ok: true, problems: [] });
  });

  test('a copy of the row that proves it proves nothing of another chain', async () => {
    const copied = await rows<{ row: string; version: number }>(
      database.orm,
      sql`select to_json(e)::text as row, version from supervisor.audit_events e where operation = 'prune_audit' and outcome = 'ok' order by version limit 1`,
    );
    const [{ row, version }] = copied as [(typeof copied)[0]];
    const other = await open();
    // As restored from a backup of before the pruning, whose links have the same numbers.
    const restored = new AuditTrail({ db: other, key: async () => master });
    for (let link = 0; link <= version; link++) {
      await restored.record({ principal: owner, operation: 'store_secret', projects: ['shop'], subject: `since ${link}` }, 'ok');
      await restored.seal();
    }
    const link = sql`select last from supervisor.audit_seals where id = ${version}`;
    await other.orm.execute(sql`delete from supervisor.audit_events where id <= (${link})`);
    await other.orm.execute(sql`delete from supervisor.audit_seals where id < ${version}`);
    await other.orm.execute(sql`insert into supervisor.audit_events overriding system value
      select (json_populate_record(null::supervisor.audit_events, (r::jsonb || '{"id": 1000}')::json)).* from (values (${row})) as t(r)`);
    expect(await restored.verify()).toMatchObject({ ok: false, problems: [expect.stringContaining('was changed')] });
    await other.close();
  });
});

describe.each(testDatabases())('what the check finds, on $kind', ({ open }) => {
  let database: Database;
  let trail: AuditTrail;
  beforeEach(async () => {
    database = await open();
    trail = new AuditTrail({ db: database, key: async () => master });
    await trail.verify();
    for (const days of [90, 80, 3]) {
      await addRow(database, daysAgo(days), `day ${days}`);
      await trail.seal();
    }
    await trail.intent({ principal: owner, operation: 'prune_audit', projects: [] });
  });
  afterEach(() => database.close());

  test('is not removed with the rest, unless the owner says so, and no row is older for being changed', async () => {
    await database.orm.execute(sql`update supervisor.audit_events set at = at - interval '60 days' where subject = 'day 3'`);
    const before = daysAgo(31);
    await expect(trail.prune(before, by)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('Row 3 was changed'),
    });
    expect(await trail.verify()).toMatchObject({ ok: false, rows: 4 });
    expect(await trail.prune(before, by, { despite: true })).toMatchObject({ removed: 2 });
    expect((await trail.verify()).problems).toContain('Row 3 was changed or forged.');
  });

  test('goes when the owner says so and it is old', async () => {
    await database.orm.execute(sql`update supervisor.audit_events set mac = null where subject = 'day 90'`);
    expect(await trail.prune(daysAgo(31), by, { despite: true })).toMatchObject({ removed: 2 });
    expect(await trail.verify()).toMatchObject({ ok: true, rows: 3 });
  });

  test('is no row of another clock, or one that waited, when all that is left is of today', async () => {
    await database.orm.execute(sql`delete from supervisor.audit_seals where id = 3`);
    await database.orm.execute(sql`delete from supervisor.audit_events where subject = 'day 3'`);
    expect(await new AuditTrail({ db: database, key: async () => master }).prune(daysAgo(31), by)).toMatchObject({ removed: 2 });
    await addRow(database, new Date(Date.now() - 10_000).toISOString(), 'late');
    expect(await new AuditTrail({ db: database, key: async () => master }).verify()).toMatchObject({ ok: true, problems: [] });
  });
});

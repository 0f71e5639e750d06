import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eq, sql } from 'drizzle-orm';
import { text } from 'drizzle-orm/pg-core';
import { supervisor } from './columns.js';
import type { Database } from './database.js';
import { claim, holds, leaseColumns, leaseFor, release, renew } from './lease.js';
import { testDatabases } from './testing.js';

const jobs = supervisor.table('lease_jobs', { id: text().primaryKey(), state: text().notNull().default('new'), ...leaseColumns() });

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
    await database.orm.execute(sql`create schema if not exists supervisor`);
    await database.orm.execute(
      sql`create table supervisor.lease_jobs (id text primary key, state text not null default 'new', lease_until timestamptz, fence integer not null default 0)`,
    );
  });
  beforeEach(async () => {
    await database.orm.delete(jobs);
    await database.orm.insert(jobs).values([{ id: 'a' }, { id: 'b' }, { id: 'c', state: 'done' }]);
  });
  afterAll(() => database.close());
  const isNew = eq(jobs.state, 'new');
  const expire = () => database.orm.update(jobs).set({ leaseUntil: sql`clock_timestamp() - interval '1 second'` });

  test('of twenty that ask at once, each row has one', async () => {
    const got = await Promise.all(Array.from({ length: 20 }, () => claim(database.orm, jobs, isNew, 60)));
    expect(got.flat().map((row) => row.id)).toHaveLength(2);
    expect(new Set(got.flat().map((row) => row.id))).toEqual(new Set(['a', 'b']));
  });

  test('takes only what meets the condition, and not more than asked for', async () => {
    const [first, ...others] = await claim(database.orm, jobs, isNew, 60);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ state: 'new', fence: 1 });
    expect(await claim(database.orm, jobs, isNew, 60, 5)).toHaveLength(1);
    expect(await claim(database.orm, jobs, isNew, 60, 5)).toEqual([]);
  });

  test('a lease that ran out goes to the next, and its first holder changes nothing any more', async () => {
    const [lost] = await claim(database.orm, jobs, eq(jobs.id, 'a'), 60);
    await expire();
    const [mine] = await claim(database.orm, jobs, eq(jobs.id, 'a'), 60);
    expect(mine).toMatchObject({ id: 'a', fence: 2 });
    expect(await renew(database.orm, jobs, lost!, 60)).toBe(false);
    expect(await release(database.orm, jobs, lost!)).toBe(false);
    await database.orm.update(jobs).set({ state: 'stale' }).where(holds(jobs, lost!));
    await database.orm.update(jobs).set({ state: 'mine' }).where(holds(jobs, mine!));
    expect(await database.orm.select().from(jobs).where(eq(jobs.id, 'a'))).toMatchObject([{ state: 'mine', fence: 2 }]);
  });

  test('a renewed lease lasts, a released one is free at once', async () => {
    const [row] = await claim(database.orm, jobs, eq(jobs.id, 'a'), 60);
    await expire();
    expect(await renew(database.orm, jobs, row!, 60)).toBe(true);
    expect(await claim(database.orm, jobs, eq(jobs.id, 'a'), 60)).toEqual([]);
    expect(await release(database.orm, jobs, row!)).toBe(true);
    expect(await claim(database.orm, jobs, eq(jobs.id, 'a'), 60)).toHaveLength(1);
  });

  test('a row may be born with a lease', async () => {
    await database.orm.insert(jobs).values({ id: 'd', leaseUntil: leaseFor(60), fence: 1 });
    expect(await claim(database.orm, jobs, eq(jobs.id, 'd'), 60)).toEqual([]);
    expect(await renew(database.orm, jobs, { id: 'd', fence: 1 }, 60)).toBe(true);
  });
});

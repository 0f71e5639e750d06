import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { auditEvents } from '@supervisor/auth/schema';
import { homeAt, owner, type Context } from '@supervisor/core';
import { migrate, openDatabase, rows, type Database } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { openSupervisor, type Supervisor } from '../compose.js';
import { modules } from '../modules.js';
import { Backups, listBackups } from './backups.js';
import { isDue, QuietBackups } from './quiet.js';

const home = homeAt(mkdtempSync(join(tmpdir(), 'supervisor-backups-')));
const errors: string[] = [];
const open = () => openSupervisor({ home, useEnvironment: false }, (_id, operation) => errors.push(operation));
const context: Context = { principal: owner, project: 'shop', signal: new AbortController().signal, progress: () => {} };
const minutes = 60_000;

let supervisor: Supervisor;
beforeAll(async () => {
  supervisor = await open();
  await supervisor.call('allocate_port', { service: 'web' }, context);
});
afterAll(() => supervisor.close());

test('one that is asked for is listed, and get_status knows of it', async () => {
  const progress: unknown[] = [];
  const made = await supervisor.call('create_backup', {}, { ...context, progress: (done, total) => progress.push([done, total]) });
  expect(made).toMatchObject({ automatic: false, version: supervisor.version });
  expect(progress.at(-1)).toEqual([made['rows'], made['rows']]);
  expect(await supervisor.call('list_backups', {}, context)).toEqual({ backups: [made] });
  expect(await supervisor.call('get_status', {}, context)).toMatchObject({ backups: { newest: made['createdAt'], problem: null } });
  await expect(supervisor.call('create_backup', { file: made['file'] }, context)).rejects.toMatchObject({ code: 'conflict' });
  await expect(supervisor.call('create_backup', { file: 'here.gz' }, context)).rejects.toMatchObject({ code: 'invalid_input' });
});

test('a damaged directory names the newest backup and the command that restores it', async () => {
  await supervisor.close();
  const control = join(home.data, 'global', 'pg_control');
  truncateSync(control, 100);
  const [newest] = await listBackups(home);
  await expect(open()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`supervisor restore ${newest!.file}`),
  });
  rmSync(home.data, { recursive: true });
  supervisor = await open();
});

test('a change is due when all has been quiet for ten minutes, or after an hour of changes', () => {
  const now = 100 * minutes;
  expect(isDue(null, now)).toBe(false);
  expect(isDue({ first: 50 * minutes, last: 91 * minutes }, now)).toBe(false);
  expect(isDue({ first: 50 * minutes, last: 90 * minutes }, now)).toBe(true);
  expect(isDue({ first: 40 * minutes, last: 99 * minutes }, now)).toBe(true);
});

test('automatic ones: after quiet minutes with changes, seven kept, those asked for kept too', async () => {
  await supervisor.close();
  const database = await openDatabase(home.data);
  const logError = (_id: string, operation: string) => errors.push(operation);
  const backups = new Backups({ home, database, version: '0.1.0', logError });
  let now = Date.now();
  const quiet = new QuietBackups({ database, backups, operations: ['allocate_port'], logError, now: () => now });
  const change = (operation: string) =>
    database.orm.insert(auditEvents).values({ principalId: 'agent', principalKind: 'agent', operation });
  const count = async () => (await listBackups(home)).length;
  try {
    expect(await count()).toBe(1);
    for (let number = 1; number <= 9; number++) {
      await change('allocate_port');
      now = Date.now() + 9 * minutes;
      await quiet.look();
      const before = await listBackups(home);
      now = Date.now() + 11 * minutes;
      await quiet.look();
      const after = await listBackups(home);
      expect(after[0]!.file).not.toBe(before[0]!.file);
      expect(after.length).toBe(Math.min(1 + number, 8));
    }
    // What only reads or releases is no change, and what is backed up is not due again.
    await change('retrieve_secret');
    const [newest] = await listBackups(home);
    await quiet.look();
    expect((await listBackups(home))[0]).toEqual(newest);
    expect((await listBackups(home)).filter(({ automatic }) => !automatic)).toHaveLength(1);
    const [events] = await rows<{ known: number }>(
      database.orm,
      sql`select reltuples as known from pg_class where oid = 'supervisor.audit_events'::regclass`,
    );
    // With each backup the planner is told what there is: without, it takes the table for an empty one.
    expect(events!.known).toBeGreaterThan(0);
    await beforeMigrations(database, backups);
    await failing(backups);
    errors.length = 0;
    await database.close();
    await quiet.look();
    expect(errors).toEqual(['backup and vacuum']);
  } finally {
    await quiet.stop();
    await database.close();
    supervisor = await open();
  }
});

async function beforeMigrations(database: Database, backups: Backups): Promise<void> {
  const newest = async () => (await listBackups(home))[0]!.file;
  const before = await newest();
  await backups.beforeMigration(modules);
  expect(await newest()).toBe(before);
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-migrations-'));
  mkdirSync(join(folder, 'meta'));
  writeFileSync(join(folder, 'meta', '_journal.json'), '{"entries": [{"tag": "0000"}]}');
  writeFileSync(join(folder, '0000.sql'), 'create table supervisor.later (id int)');
  const newer = [...modules, { name: 'later', migrations: pathToFileURL(`${folder}/`), operations: [] }];
  await backups.beforeMigration(newer);
  expect(await newest()).not.toBe(before);
  const aside = `${home.backups}.aside`;
  renameSync(home.backups, aside);
  writeFileSync(home.backups, '');
  await expect(backups.beforeMigration(newer)).rejects.toMatchObject({
    message: expect.stringMatching(/cannot be written.*nothing was changed/),
  });
  rmSync(home.backups);
  renameSync(aside, home.backups);
  expect(await migrate(database, modules)).toEqual([]);
}

async function failing(backups: Backups): Promise<void> {
  rmSync(home.backups, { recursive: true });
  writeFileSync(home.backups, '');
  errors.length = 0;
  await backups.createAutomatic();
  expect(errors).toEqual(['automatic backup']);
  expect(backups.problem).toMatch(/cannot be written/);
  rmSync(home.backups);
  // What a killed one left is no backup, and is gone with the next.
  mkdirSync(home.backups);
  const left = join(home.backups, 'auto-x.jsonl.gz.partial');
  writeFileSync(left, 'half');
  expect(await listBackups(home)).toEqual([]);
  await backups.createAutomatic();
  expect({ problem: backups.problem, left: existsSync(left) }).toEqual({ problem: null, left: false });
}

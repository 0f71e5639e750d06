import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { homeAt } from '@supervisor/core';
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { rows, type Orm } from './database.js';
import { databaseErrorCode, databaseFailure, loggable } from './failure.js';
import { createInstance, databaseSettings, readInstance } from './instance.js';
import { lockOf, openInMemory, writeTemplate } from './embedded.js';
import { parsePostgresUrl } from './postgres.js';
import { openDatabase, postgresFromVariables } from './settings.js';
import { testDatabases } from './testing.js';
import { logBytes, shortenLog } from './write-ahead-log.js';

const temporary = () => mkdtempSync(join(tmpdir(), 'supervisor-db-'));

test('an embedded directory keeps its rows and has one opener at a time', async () => {
  const directory = join(temporary(), 'data');
  const first = await openDatabase(directory);
  await first.orm.execute(sql`create table kept (id int)`);
  await first.orm.execute(sql`insert into kept values (7)`);
  await expect(openDatabase(directory)).rejects.toMatchObject({
    code: 'locked',
    details: { pid: process.pid },
    message: expect.stringContaining('supervisor stop'),
  });
  // By a link it is the same directory, for a restore too.
  const link = join(temporary(), 'link');
  symlinkSync(directory, link);
  await expect(openDatabase(link)).rejects.toMatchObject({ code: 'locked' });
  expect(lockOf(link)).toBe(lockOf(directory));
  await first.close();
  // What a power cut may leave of the note that PostgreSQL makes while it runs.
  writeFileSync(join(directory, 'postmaster.pid'), '');
  const second = await openDatabase(directory);
  expect(await rows(second.orm, sql`select id from kept`)).toEqual([{ id: 7 }]);
  await second.close();
  const closed: unknown = await Promise.resolve(second.orm.execute(sql`select 1`)).catch((error: unknown) => error);
  expect(closed).toMatchObject({ message: 'A statement failed (08003, the database is closed).' });
  expect(databaseFailure(closed)).toMatchObject({ code: 'unavailable' });
});

test('an embedded database fills no log with zeros, first and later', async () => {
  const directory = join(temporary(), 'data');
  for (const open of [() => openDatabase(directory), () => openDatabase(directory), openInMemory]) {
    const database = await open();
    expect(await rows(database.orm, sql`show wal_init_zero`)).toEqual([{ wal_init_zero: 'off' }]);
    await database.close();
  }
});

test('a new directory can start from a template, an old one stays what it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-template-'));
  const file = join(folder, 'template.tar.gz');
  await writeTemplate(file, ({ orm }) => orm.execute(sql`create table notes as select 'from the template' as text`));
  for (const [directory, template] of [
    ['new', file],
    ['empty', undefined],
  ] as const) {
    for (const given of [template, file]) {
      const database = await openDatabase(join(folder, directory), given);
      const found = await rows(database.orm, sql`select to_regclass('notes') is not null as there`);
      expect(found).toEqual([{ there: template !== undefined }]);
      await database.close();
    }
  }
});

test('a script that forgets to close an embedded database ends all the same, the second time too', () => {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const script = `import { openDatabase } from '${index}'; await openDatabase(process.argv[1]);`;
  const directory = join(temporary(), 'data');
  for (let time = 0; time < 2; time++)
    execFileSync(process.execPath, ['--input-type=module', '-e', script, directory], { timeout: 30_000 });
});

test('the log of an embedded database is cut when it has become long, and everything is still there', async () => {
  const directory = join(temporary(), 'data');
  const first = await openDatabase(directory);
  await first.orm.execute(sql`create table kept as select repeat('x', 1000) as text from generate_series(1, 3000)`);
  const before = await logBytes(first.orm);
  expect(before).toBeGreaterThan(1_000_000);
  expect(await shortenLog(first.orm, before)).toBe(false);
  expect(await shortenLog(first.orm, 1_000_000)).toBe(true);
  expect(await logBytes(first.orm)).toBeLessThan(100_000);
  await first.close();
  const second = await openDatabase(directory);
  expect(await rows(second.orm, sql`select count(*)::int as count from kept`)).toEqual([{ count: 3000 }]);
  await second.close();
});

test('vectors can be kept in an embedded database, and are there when it is opened again', async () => {
  const directory = join(temporary(), 'data');
  const first = await openDatabase(directory);
  await first.orm.execute(sql`create extension vector`);
  await first.orm.execute(sql`create table kept as select '[3,4]'::vector as v`);
  await first.close();
  const second = await openDatabase(directory);
  expect(await rows(second.orm, sql`select v <-> '[0,0]' as distance from kept`)).toEqual([{ distance: 5 }]);
  await second.close();
});

test('a folder that holds something else is refused', async () => {
  const directory = temporary();
  writeFileSync(join(directory, 'notes.txt'), 'mine');
  await expect(openDatabase(directory)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('not empty') });
});

test('a server that is not there is named without its password', async () => {
  const refused = openDatabase('postgresql://me:hunter2@127.0.0.1:1/none');
  await expect(refused).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('127.0.0.1:1/none') });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
});

const server = process.env['TEST_DATABASE_URL'];
(server ? test : test.skip)('a connection that dies within a transaction fails it, and nothing else', async () => {
  const database = await openDatabase(server!);
  // The server ends what takes too long, before we no longer wait for it: its connection is of use again.
  expect(await rows(database.orm, sql`show statement_timeout`)).toEqual([{ statement_timeout: '2min' }]);
  const dying = database.orm.transaction(async (tx) => {
    const [own] = await rows<{ pid: number }>(tx, sql`select pg_backend_pid() as pid`);
    await database.orm.execute(sql`select pg_terminate_backend(${own!.pid})`);
    // Long enough for the news to come while no statement of the transaction runs.
    await setTimeout(200);
    await tx.execute(sql`select 1`);
  });
  expect(databaseFailure(await dying.catch((error: unknown) => error))).toMatchObject({ code: 'unavailable' });
  expect(await rows(database.orm, sql`select 1 as one`)).toEqual([{ one: 1 }]);
  await database.close();
});

(server ? test : test.skip)('a database that cannot hold every text is refused, with how to make one', async () => {
  const maintenance = await openDatabase(server!);
  const name = `test_latin_${process.pid}`;
  await maintenance.orm.execute(sql.raw(`create database ${name} encoding 'LATIN1' locale 'C' template template0`));
  const settings = { kind: 'postgres' as const, ...parsePostgresUrl(server!), database: name };
  await expect(openDatabase(settings)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('-E UTF8') });
  await maintenance.orm.execute(sql.raw(`drop database ${name} with (force)`));
  await maintenance.close();
});

test('connection settings come from what is given and from nowhere else', () => {
  expect(parsePostgresUrl('postgresql://u:p%40@db.example:6000/x?sslmode=require')).toEqual({
    host: 'db.example',
    port: 6000,
    database: 'x',
    user: 'u',
    password: 'p@',
    ssl: {},
  });
  expect(parsePostgresUrl('postgres:///x?host=/run/postgresql')).toMatchObject({ host: '/run/postgresql', port: 5432, database: 'x' });
  expect(() => parsePostgresUrl('mysql://x')).toThrow(/postgresql:\/\//);
  expect(postgresFromVariables({})).toBeNull();
  expect(postgresFromVariables({ DB_HOST: 'h', DB_PASSWORD: 'p' })).toMatchObject({ host: 'h', port: 5432, database: 'supervisor' });
  expect(() => postgresFromVariables({ DB_NAME: 'x' })).toThrow(/DB_HOST/);
  expect(() => postgresFromVariables({ DB_HOST: 'h', DB_PORT: 'x' })).toThrow(/DB_PORT/);
});

test('the first to make a home decides', () => {
  const home = homeAt(temporary());
  expect(readInstance(home)).toBeNull();
  const first = createInstance(home, { database: { kind: 'embedded' } });
  expect(createInstance(home, { database: { kind: 'postgres', location: 'x', from: { environment: true } } })).toEqual(first);
  expect(databaseSettings(home, first)).toEqual({ kind: 'embedded', directory: home.data });
  writeFileSync(home.instance, '{');
  expect(() => readInstance(home)).toThrow(/cannot be read/);
});

test.each(testDatabases())('a transaction that does not begin keeps no connection, on $kind', async ({ open }) => {
  const database = await open();
  const isolationLevel = 'nonsense' as never;
  const failing = Array.from({ length: 12 }, () => database.orm.transaction(async () => {}, { isolationLevel }));
  expect(new Set((await Promise.allSettled(failing)).map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(await database.orm.transaction((tx) => rows(tx as unknown as Orm, sql`select 1 as one`))).toEqual([{ one: 1 }]);
  await database.close();
});

test.each(testDatabases())('a failed statement shows its code and constraint, and no value, on $kind', async ({ open }) => {
  const database = await open();
  await database.orm.execute(sql`create table taken (name text not null constraint one_each unique)`);
  await database.orm.execute(sql`create table later (name text constraint one_each_later unique deferrable initially deferred)`);
  const taken = pgTable('taken', { name: text().notNull() });
  // A value may say what a driver says.
  const value = 'a-secret-value after calling end on the pool';
  const again = (orm: Orm) => orm.insert(taken).values({ name: value });
  const prepared = database.orm
    .select({ number: sql`${sql.placeholder('name')}::text::int` })
    .from(taken)
    .prepare('numbers');
  await again(database.orm);
  const ways = {
    '22P02': [() => database.orm.execute(sql`select ${value}::text::int`), () => prepared.execute({ name: value })],
    '23505': [
      () => again(database.orm),
      () => database.orm.transaction((tx) => again(tx as unknown as Orm)),
      () => database.orm.transaction((tx) => tx.transaction((inner) => again(inner as unknown as Orm))),
    ],
  };
  const atCommit = database.orm.transaction((tx) => tx.execute(sql`insert into later values (${value}), (${value})`));
  const late: unknown = await atCommit.catch((error: unknown) => error);
  expect(late).toMatchObject({ name: 'StatementError', code: '23505', constraint: 'one_each_later' });
  expect(inspect(late, { depth: 9, showHidden: true })).not.toContain(value);
  for (const [code, failing] of Object.entries(ways)) {
    for (const run of failing) {
      const error: unknown = await Promise.resolve(run()).catch((caught: unknown) => caught);
      const constraint = code === '23505' ? 'one_each' : undefined;
      expect(error).toMatchObject({ name: 'StatementError', code, constraint });
      expect(databaseErrorCode(error)).toBe(code);
      expect(databaseFailure(error)).toBeUndefined();
      for (const shown of [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(loggable(error))])
        expect(shown).not.toMatch(/a-secret-value|insert into|select /);
    }
  }
  await expect(database.orm.execute(sql`insert into taken values (null)`)).rejects.toThrow(
    'A statement failed (23502, no value for name).',
  );
  await database.close();
});

test('a database that is not named is not made in the working directory', async () => {
  for (const target of ['', undefined as unknown as string])
    await expect(openDatabase(target)).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining('a folder, or') });
});

test('what a caller may know of a failure', () => {
  const lost = [
    Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    new Error('Client has encountered a connection error and is not queryable'),
    new Error('Cannot use a pool after calling end on the pool'),
  ];
  for (const error of lost) expect(databaseFailure(error)).toMatchObject({ code: 'unavailable' });
  for (const code of ['53100', 'ENOSPC'])
    expect(databaseFailure(Object.assign(new Error('x'), { code }))?.message).toContain('disk is full');
  for (const code of ['40P01', '57014'])
    expect(databaseFailure(Object.assign(new Error('x'), { code }))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('try again'),
    });
});

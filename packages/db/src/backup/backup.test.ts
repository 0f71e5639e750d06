import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { rows, type Database } from '../database.js';
import { migrate, type MigratedModule } from '../migrate.js';
import { testDatabases } from '../testing.js';
import { readBackupHeader, restoreBackup, writeBackup } from './index.js';
import { randomRow, randomFrom, types } from './random-rows.test.data.js';

const instance = '0f0f0f0f-0000-4000-8000-000000000001';
const options = {
  about: { automatic: false, instance, version: '0.1.0' },
  keys: () => Promise.resolve(['c0de0001c0de0001']),
  at: '2026-11-24T21:30:00.000Z',
};

function moduleOf(name: string, migrations: Record<string, string>): MigratedModule {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-migrations-'));
  mkdirSync(join(folder, 'meta'));
  writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify({ entries: Object.keys(migrations).map((tag) => ({ tag })) }));
  for (const [tag, text] of Object.entries(migrations)) writeFileSync(join(folder, `${tag}.sql`), text);
  return { name, migrations: pathToFileURL(`${folder}/`) };
}

const columns = types.map((type, index) => `c${index} ${type}`).join(', ');
// Everything a later domain may think of: keys that point at each other and at themselves, a trigger, a seeded row, computed columns.
const tables = `create type supervisor.mood as enum ('calm', 'not calm');--> statement-breakpoint
create domain supervisor.slug as text check (value ~ '^[a-z]+$');--> statement-breakpoint
create table supervisor.every_type (id bigint primary key generated always as identity, ${columns},
  mood supervisor.mood, slug supervisor.slug, twice int generated always as (c0 * 2) stored);--> statement-breakpoint
create table supervisor.a_child (id serial primary key, parent int, owner text);--> statement-breakpoint
create table supervisor.owners (name text primary key, child int references supervisor.a_child);--> statement-breakpoint
alter table supervisor.a_child add foreign key (parent) references supervisor.a_child on delete cascade;--> statement-breakpoint
alter table supervisor.a_child add constraint child_owner foreign key (owner) references supervisor.owners;--> statement-breakpoint
create function supervisor.shout() returns trigger language plpgsql as $$ begin new.owner = upper(new.owner); return new; end $$;--> statement-breakpoint
create trigger shout before insert on supervisor.owners for each row when (new.name = 'never') execute function supervisor.shout();--> statement-breakpoint
create table supervisor.counted (id int primary key, seen int not null);--> statement-breakpoint
create function supervisor.count_up() returns trigger language plpgsql as $$ begin new.seen = new.seen + 1; return new; end $$;--> statement-breakpoint
create trigger count_up before insert on supervisor.counted for each row execute function supervisor.count_up();--> statement-breakpoint
insert into supervisor.counted values (1, 0);--> statement-breakpoint
create table supervisor.empty_one ("odd ""name" text);`;
const everything = moduleOf('everything', { '0000': tables });

async function fill(database: Database, seed: number, count: number): Promise<void> {
  const random = randomFrom(seed);
  for (let row = 0; row < count; row++) {
    const { names, values } = randomRow(random);
    const literals = sql.join(
      values.map(({ value, type }) => (value === null ? sql`null` : sql`${value}::text::${sql.raw(type)}`)),
      sql`, `,
    );
    await database.orm.execute(
      sql`insert into supervisor.every_type (${sql.raw(names.join(', '))}, mood, slug) values (${literals}, 'not calm', 'shop')`,
    );
  }
  await database.orm.execute(sql`insert into supervisor.a_child (parent) select null from generate_series(1, 3000)`);
  // A child before its parent in every order a reader could take.
  await database.orm.execute(sql`update supervisor.a_child set parent = 3001 - id`);
  await database.orm.execute(sql`insert into supervisor.owners values ('ann', 7), ('bob', null)`);
  await database.orm.execute(sql`update supervisor.a_child set owner = 'ann' where id = 7`);
}

const listed = ['a_child', 'counted', 'empty_one', 'every_type', 'owners'];

/** Every row of every table as text, in a fixed order, and the next numbers of the sequences. */
async function contents(database: Database): Promise<Record<string, unknown>> {
  return database.orm.transaction(async (tx) => {
    const all: Record<string, unknown> = {};
    await tx.execute(sql`set local timezone = 'UTC'`);
    for (const table of listed) {
      all[table] = await rows(tx as never, sql.raw(`select t::text as row from supervisor.${table} t order by t::text collate "C"`));
    }
    for (const name of ['every_type_id_seq', 'a_child_id_seq'])
      all[name] = await rows(tx as never, sql.raw(`select last_value::text, is_called from supervisor.${name}`));
    return all;
  });
}

describe.each(testDatabases())('from $kind', ({ open }) => {
  let database: Database;
  let empty: Database;
  let folder: string;
  let file: string;
  beforeAll(async () => {
    database = await open();
    empty = await open();
    await migrate(database, [everything]);
    await fill(database, 20261124, 120);
  });
  afterAll(async () => {
    await database.close();
    await empty.close();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'supervisor-backup-'));
    file = join(folder, 'one.jsonl.gz');
  });
  const isEmpty = async () =>
    expect(await rows(empty.orm, sql`select to_regnamespace('supervisor')::text as found`)).toEqual([{ found: null }]);

  test.each(testDatabases())('to $kind: random rows of every type are the same afterwards', async ({ open: openTarget }) => {
    const header = await writeBackup(database, file, options);
    expect(header.tables.find(({ name }) => name === 'every_type')?.rows).toBe(120);
    const target = await openTarget();
    try {
      await restoreBackup(target, file, [everything]);
      expect(await contents(target)).toEqual(await contents(database));
      // Keys and triggers are in force again, and numbers go on where they were.
      await expect(target.orm.execute(sql`insert into supervisor.owners values ('eve', 9999)`)).rejects.toThrow();
      expect(await rows(target.orm, sql`insert into supervisor.a_child default values returning id`)).toEqual([{ id: 3001 }]);
      expect(await rows(target.orm, sql`insert into supervisor.counted values (2, 0) returning seen`)).toEqual([{ seen: 1 }]);
    } finally {
      await target.close();
    }
  });

  test('the file is its owner’s alone, whole or absent, never overwritten, and its header says what is in it', async () => {
    const header = await writeBackup(database, file, options);
    expect(await readBackupHeader(file)).toEqual(header);
    expect(header).toMatchObject({ instance, keys: ['c0de0001c0de0001'], migrations: [{ module: 'everything', tag: '0000' }] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['one.jsonl.gz']);
    await expect(writeBackup(database, file, options)).rejects.toMatchObject({ code: 'conflict' });
    const other = join(folder, 'two.jsonl.gz');
    const controller = new AbortController();
    const cancelled = writeBackup(database, other, { ...options, signal: controller.signal, progress: () => controller.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    await expect(writeBackup(database, join(file, 'three'), options)).rejects.toMatchObject({ code: 'unavailable' });
    expect(readdirSync(folder)).toEqual(['one.jsonl.gz']);
  });

  test('what was cut or changed is refused, and nothing is in the database', async () => {
    await writeBackup(database, file, options);
    const whole = readFileSync(file);
    const text = gunzipSync(whole).toString();
    const lines = text.split('\n');
    const bad: Record<string, Buffer> = {
      'cut by a byte': whole.subarray(0, -1),
      'cut in half': whole.subarray(0, whole.length >> 1),
      'cut after its header': gzipSync(`${lines[0]}\n`),
      'without its trailer': gzipSync(`${lines.slice(0, -2).join('\n')}\n`),
      'with one bit changed': Buffer.from(whole.map((byte, index) => (index === whole.length >> 1 ? byte ^ 1 : byte))),
      'with a row changed': gzipSync(text.replace('"ann"', '"eve"')),
      'with a row twice': gzipSync(text.replace(/(\["ann".*\n)/, '$1$1')),
      'of another kind': gzipSync('{"backup":1}\n'),
      'no gzip': Buffer.from('hello'),
      empty: Buffer.alloc(0),
    };
    for (const [what, bytes] of Object.entries(bad)) {
      const path = join(folder, 'bad');
      writeFileSync(path, bytes);
      const failed = restoreBackup(empty, path, [everything]).then(
        () => 'restored',
        (error: { code: string }) => error.code,
      );
      expect({ what, code: await failed }).toEqual({ what, code: 'invalid_input' });
    }
    await expect(restoreBackup(empty, join(folder, 'none'), [everything])).rejects.toMatchObject({ code: 'not_found' });
    await isEmpty();
  });

  test('a full database, a newer format and a newer build are refused with what to do', async () => {
    await writeBackup(database, file, options);
    await expect(restoreBackup(database, file, [everything])).rejects.toMatchObject({ code: 'conflict', message: /empty one/ });
    const refused = (modules: MigratedModule[], path = file) => restoreBackup(empty, path, modules);
    await expect(refused([moduleOf('everything', {})])).rejects.toMatchObject({ message: /backup was migrated by a newer.*Update/ });
    await expect(refused([moduleOf('other', {})])).rejects.toMatchObject({ message: /newer \(everything\).*Update/ });
    await expect(refused([moduleOf('everything', { '0000': 'select 1' })])).rejects.toMatchObject({ message: /differs/ });
    const newer = join(folder, 'newer');
    writeFileSync(newer, gzipSync(gunzipSync(readFileSync(file)).toString().replace('"supervisorBackup":1', '"supervisorBackup":2')));
    await expect(refused([everything], newer)).rejects.toMatchObject({ message: /format 2.*Update/ });
    await isEmpty();
  });

  test('a backup of an older build gets the migrations since, over its rows', async () => {
    await writeBackup(database, file, options);
    const since = `alter table supervisor.owners add greeting text not null default '';--> statement-breakpoint
update supervisor.owners set greeting = 'hello ' || name;`;
    const today = [
      moduleOf('everything', { '0000': tables, '0001': since }),
      moduleOf('new', { '0000': 'create table supervisor.new (id int)' }),
    ];
    const target = await open();
    try {
      await restoreBackup(target, file, today);
      expect(await rows(target.orm, sql`select greeting from supervisor.owners where name = 'ann'`)).toEqual([{ greeting: 'hello ann' }]);
      expect(await migrate(target, today)).toEqual([]);
    } finally {
      await target.close();
    }
  });

  test('is all or nothing when a later migration fails', async () => {
    await writeBackup(database, file, options);
    await expect(restoreBackup(empty, file, [moduleOf('everything', { '0000': tables, '0001': 'nonsense' })])).rejects.toThrow();
    await isEmpty();
    await restoreBackup(empty, file, [everything]);
  });

  test('of two at once one fills the database, and the other is refused', async () => {
    await writeBackup(database, file, options);
    const target = await open();
    const both = await Promise.allSettled([restoreBackup(target, file, [everything]), restoreBackup(target, file, [everything])]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
    await target.close();
  });

  test('one moment: what is written meanwhile is not in it', async () => {
    let more: Promise<unknown> | undefined;
    const progress = () => {
      more ??= database.orm.execute(sql`insert into supervisor.owners values ('late', null)`);
    };
    const header = await writeBackup(database, file, { ...options, progress });
    await more;
    expect(header.tables.find(({ name }) => name === 'owners')?.rows).toBe(2);
    expect(gunzipSync(readFileSync(file)).toString()).not.toContain('late');
  });
});

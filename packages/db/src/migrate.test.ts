import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sql } from 'drizzle-orm';
import { rows, type Database } from './database.js';
import { migrate, ready } from './migrate.js';
import { testDatabases } from './testing.js';

function moduleOf(name: string, migrations: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-migrations-'));
  mkdirSync(join(folder, 'meta'));
  writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify({ entries: Object.keys(migrations).map((tag) => ({ tag })) }));
  for (const [tag, text] of Object.entries(migrations)) writeFileSync(join(folder, `${tag}.sql`), text);
  return { name, migrations: pathToFileURL(`${folder}/`) };
}

const one = 'create table supervisor.one (id int);--> statement-breakpoint\ninsert into supervisor.one values (1);';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  beforeEach(async () => {
    database = await open();
  });
  afterEach(() => database.close());

  test('applies each migration once, also when many start together', async () => {
    const modules = [moduleOf('a', { '0000': one }), moduleOf('b', { '0000': 'create table supervisor.two (id int);' })];
    const applied = await Promise.all([migrate(database, modules), migrate(database, modules), ready(database, modules[0]!)]);
    // Whoever is first applies it, and ready() does not say what it did: the journal does.
    expect(applied.slice(0, 2).flat()).toContain('b/0000');
    expect(await rows(database.orm, sql`select module, tag from supervisor.migrations order by module`)).toEqual([
      { module: 'a', tag: '0000' },
      { module: 'b', tag: '0000' },
    ]);
    expect(await rows(database.orm, sql`select id from supervisor.one`)).toEqual([{ id: 1 }]);
  });

  test('is all or nothing', async () => {
    const broken = moduleOf('b', { '0000': 'create table supervisor.two (id nonsense);' });
    await expect(migrate(database, [moduleOf('a', { '0000': one }), broken])).rejects.toThrow();
    expect(await rows(database.orm, sql`select to_regclass('supervisor.one') as found`)).toEqual([{ found: null }]);
  });

  test('refuses a changed migration and a newer database', async () => {
    await migrate(database, [moduleOf('a', { '0000': one })]);
    await expect(migrate(database, [moduleOf('a', { '0000': `${one} ` })])).rejects.toMatchObject({ code: 'conflict' });
    await expect(migrate(database, [moduleOf('a', {})])).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('newer'),
    });
    await migrate(database, [moduleOf('b', { '0000': 'select 1;' })]);
  });
});

import { afterAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { rows } from './database.js';
import { freeBytes } from './disk-guard.js';
import { databaseErrorCode, databaseFailure } from './failure.js';
import { openDatabase } from './settings.js';
import { vacuum } from './vacuum.js';

const disk = smallDisk();
afterAll(() => {
  if (disk) execFileSync('umount', ['-l', disk]);
});

// A disk of its own can be had by root only.
(disk ? test : test.skip)('a disk that runs full hangs nobody: it can be read, and written again when there is space', async () => {
  const database = await openDatabase(join(disk!, 'data'));
  await database.orm.execute(sql`create table kept (text text)`);
  const filler = openSync(join(disk!, 'filler'), 'w');
  const fill = (bytes: number) => writeSync(filler, Buffer.alloc(bytes));
  fill(freeBytes(disk!) - 48 * 1024 * 1024);
  let written = 0;
  const write = async () => {
    // Random, or it would be compressed.
    for (; written < 1000; written++)
      await database.orm.execute(
        sql`insert into kept select string_agg(md5(random()::text), '') from generate_series(1, 3000) where ${written} >= 0`,
      );
  };
  const failure = databaseFailure(await write().catch((error: unknown) => error));
  expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining('nearly full') });
  expect(written).toBeGreaterThan(10);
  const count = () => rows(database.orm, sql`select count(*)::int as count from kept`);
  // Each looks at the disk anew, and still gets its own answer.
  for (let time = 0; time < 3; time++) {
    expect(await count()).toEqual([{ count: written }]);
    await setTimeout(250);
  }
  // It counts what it vacuums, and here it must not: that writes too.
  const counted = () => rows(database.orm, sql`select reltuples as count from pg_class where oid = 'kept'::regclass`);
  await database.orm.execute(sql`select pg_stat_force_next_flush()`);
  await vacuum(database.orm);
  expect(await counted()).toEqual([{ count: -1 }]);
  const failing = database.orm.transaction(async (tx) => {
    await setTimeout(250);
    await tx.execute(sql`select 1 / 0`);
  });
  expect(databaseErrorCode(await failing.catch((error: unknown) => error))).toBe('22012');
  closeSync(filler);
  rmSync(join(disk!, 'filler'));
  for (let time = 0; time < 3; time++) {
    await setTimeout(250);
    expect(await rows(database.orm, sql`insert into kept values ('again') returning text`)).toEqual([{ text: 'again' }]);
  }
  expect(await count()).toEqual([{ count: written + 3 }]);
  await vacuum(database.orm);
  expect(await counted()).toEqual([{ count: written + 3 }]);
  await database.close();
});

function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}

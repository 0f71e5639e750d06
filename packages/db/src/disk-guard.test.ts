import { afterAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { rows } from './database.js';
import { freeBytes } from './disk-guard.js';
import { databaseFailure } from './failure.js';
import { openDatabase } from './settings.js';

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
  expect(await rows(database.orm, sql`select count(*)::int as count from kept`)).toEqual([{ count: written }]);
  closeSync(filler);
  rmSync(join(disk!, 'filler'));
  await setTimeout(250);
  await database.orm.transaction((tx) => tx.execute(sql`insert into kept values ('again')`));
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

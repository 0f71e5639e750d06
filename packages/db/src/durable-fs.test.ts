import { afterAll, expect, test } from '@jest/globals';
import fs, { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'drizzle-orm';

type Call = { name: string; path: string; zeros: boolean };

// What is asked of the disk, in its order. The database is loaded after that: its functions are these.
const directory = join(mkdtempSync(join(tmpdir(), 'supervisor-db-')), 'data');
const calls: Call[] = [];
const paths = new Map<number, string>();
const original = { ...fs };
const watched = {
  openSync(path: string, ...rest: [number]) {
    const file = original.openSync(path, ...rest);
    if (String(path).startsWith(`${directory}/`)) paths.set(file, path);
    else paths.delete(file);
    return file;
  },
  writeSync(file: number, bytes: Uint8Array, offset: number, length: number, position: number) {
    if (paths.has(file)) note('write', file, isZeros(Buffer.from(bytes.buffer, bytes.byteOffset + offset, length)));
    return original.writeSync(file, bytes, offset, length, position);
  },
  fsyncSync(file: number) {
    original.fsyncSync(file);
    note('sync', file);
  },
  fdatasyncSync(file: number) {
    original.fdatasyncSync(file);
    note('sync', file);
  },
  fdatasync(file: number, done: (error: Error | null) => void) {
    const path = paths.get(file);
    const before = calls.length;
    original.fdatasync(file, (error) => {
      const isAll = !calls.slice(before).some((call) => call.path === path && call.name === 'write');
      if (isAll) note('sync', file);
      done(error);
    });
  },
  renameSync(from: string, to: string) {
    calls.push({ name: 'rename', path: to, zeros: false });
    original.renameSync(from, to);
  },
  unlinkSync(path: string) {
    calls.push({ name: 'unlink', path, zeros: false });
    original.unlinkSync(path);
  },
};
Object.assign(fs, watched);
const { openEmbedded } = await import('./embedded.js');
afterAll(() => {
  for (const name of Object.keys(watched) as (keyof typeof watched)[]) Object.assign(fs, { [name]: original[name] });
});

function note(name: string, file: number, zeros = false): void {
  const path = paths.get(file);
  if (path) calls.push({ name, path, zeros });
}

const isZeros = (bytes: Buffer) => bytes.every((byte) => byte === 0);
const isLog = ({ path }: Call) => path.includes('/pg_wal/');

test('what is not the log changes only while all of the log is on the disk, and a commit gets there by itself', async () => {
  const database = await openEmbedded(directory);
  const run = (statement: string) => database.orm.execute(sql.raw(statement));
  await run('create table kept (id int primary key, text text)');
  await setTimeout(200);
  calls.length = 0;
  await run(`insert into kept values (0, 'x')`);
  expect(new Set(calls.map(({ name }) => name))).toEqual(new Set(['write']));
  await setTimeout(500);
  expect(calls.filter((call) => call.name === 'sync' && isLog(call))).not.toEqual([]);
  for (const statement of [
    `insert into kept select i, repeat(md5(i::text), 30) from generate_series(1, 3000) as i`,
    'checkpoint',
    `update kept set text = 'y' where id % 3 = 0`,
    'create index on kept (text)',
    'truncate kept',
    'vacuum full pg_class',
    `insert into kept values (1, 'z')`,
    'drop table kept',
  ])
    await run(statement);
  await database.close();

  const unsynced = new Set<string>();
  const early: Call[] = [];
  for (const call of calls) {
    if (call.name === 'sync') unsynced.delete(call.path);
    else if (isLog(call) && call.name === 'write') unsynced.add(call.path);
    else if (!isLog(call) && !call.zeros && unsynced.size > 0) early.push(call);
  }
  expect(early).toEqual([]);
  expect([...unsynced]).toEqual([]);
  const synced = calls.filter(({ name }) => name === 'sync').map(({ path }) => path.replace(directory, ''));
  expect(synced).toEqual(
    expect.arrayContaining(['/global/pg_control', '/pg_wal/000000010000000000000001', expect.stringMatching(/^\/base\/5\/\d+$/)]),
  );
});

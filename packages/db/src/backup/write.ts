import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { SupervisorError } from '@supervisor/core';
import { sql } from 'drizzle-orm';
import { rows, type Database, type Orm } from '../database.js';
import { readJournal } from '../migrate.js';
import { format, type BackupHeader } from './format.js';
import { qualified, sequencesOf, tablesOf, useExactText, type Table } from './tables.js';

export interface BackupOptions {
  about: Pick<BackupHeader, 'automatic' | 'instance' | 'version'>;
  /** The fingerprints of the keys that this database needs, read in the backup's own transaction. */
  keys(orm: Orm): Promise<string[]>;
  /** ISO 8601. */
  at: string;
  progress?: ((rows: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Writes all rows of schema `supervisor`, as of one moment, to a new file that only its owner can read.
 * The file has its name once it is whole and on the disk. Memory is bounded; an embedded database answers nobody else meanwhile.
 * @throws SupervisorError `conflict` when the file is already there, `unavailable` when it cannot be written, `cancelled`
 */
export async function writeBackup(database: Database, file: string, options: BackupOptions): Promise<BackupHeader> {
  if (existsSync(file))
    throw new SupervisorError('conflict', `${file} is already there, and no backup is ever overwritten. Name another file.`);
  const partial = `${file}.partial`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const output = await open(partial, 'w', 0o600);
    const written = output.createWriteStream({ flush: true });
    // One moment for all tables: what is written meanwhile belongs to the next backup.
    const header = await database.orm.transaction(
      async (orm) => {
        await useExactText(orm);
        const found = await describe(orm, options);
        const lines = contents(orm, found, options);
        // Level 1: the rest of the service waits for this, and the higher ones win little on sealed rows.
        await pipeline(lines, createGzip({ level: 1 }), written, { signal: options.signal });
        return found.header;
      },
      { isolationLevel: 'repeatable read', accessMode: 'read only' },
    );
    await rename(partial, file);
    await syncFolder(dirname(file));
    return header;
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw cannotWrite(file, error);
  }
}

interface Found {
  header: BackupHeader;
  tables: Table[];
}

async function describe(orm: Orm, { about, keys, at }: BackupOptions): Promise<Found> {
  const tables = await tablesOf(orm);
  const counted: BackupHeader['tables'] = [];
  for (const { name, columns } of tables) {
    const [row] = await rows<{ count: string }>(orm, sql`select count(*)::text as count from ${qualified(name)}`);
    counted.push({ name, columns: columns.map((column) => column.name), rows: Number(row!.count) });
  }
  const migrations = await readJournal(orm);
  return { header: { supervisorBackup: format, createdAt: at, ...about, keys: await keys(orm), migrations, tables: counted }, tables };
}

async function* contents(orm: Orm, { header, tables }: Found, { progress, signal }: BackupOptions): AsyncGenerator<string> {
  const hash = createHash('sha256');
  const hashed = (text: string) => {
    hash.update(text);
    return text;
  };
  const total = header.tables.reduce((sum, table) => sum + table.rows, 0);
  let done = 0;
  yield hashed(`${JSON.stringify(header)}\n`);
  for (const table of tables) {
    yield hashed(`${JSON.stringify({ table: table.name })}\n`);
    for await (const page of pagesOf(orm, table)) {
      if (signal?.aborted) throw new SupervisorError('cancelled', 'The backup was cancelled. No file was left.');
      yield hashed(`${page.join('\n')}\n`);
      done += page.length;
      progress?.(done, total);
    }
  }
  yield hashed(`${JSON.stringify({ sequences: await sequencesOf(orm) })}\n`);
  yield `${JSON.stringify({ rows: done, sha256: hash.digest('hex') })}\n`;
}

// An embedded statement holds up the whole service, and a page is in memory: few rows where they are large or slow, many where not.
const quick = 15;
const slow = 40;
const largestPage = 1024 * 1024;
const mostRows = 4000;

async function* pagesOf(orm: Orm, { name, columns }: Table): AsyncGenerator<string[]> {
  const values = sql.join(
    columns.map((column) => sql`${sql.identifier(column.name)}::text`),
    sql`, `,
  );
  await orm.execute(sql`declare backup no scroll cursor for select to_json(array[${values}]::text[])::text as row from ${qualified(name)}`);
  for (let size = 50; ;) {
    const before = performance.now();
    const page = await rows<{ row: string }>(orm, sql.raw(`fetch ${size} from backup`));
    const took = performance.now() - before;
    if (page.length > 0) yield page.map(({ row }) => row);
    if (page.length < size) break;
    const bytes = page.reduce((sum, { row }) => sum + row.length, 0);
    if (took > slow || bytes > largestPage) size = Math.max(1, size >> 1);
    else if (took < quick && bytes < largestPage / 2) size = Math.min(mostRows, size * 2);
  }
  await orm.execute(sql`close backup`);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full. Make room',
  EDQUOT: 'the disk quota is used up. Make room',
  EACCES: 'this user may not write there. Name another file',
  EPERM: 'this user may not write there. Name another file',
  EROFS: 'the disk is read-only. Name another file',
  EISDIR: 'it is a folder. Name a file',
  EEXIST: 'part of its path is a file. Name another',
  ENOTDIR: 'part of its path is a file. Name another',
};

function cannotWrite(file: string, error: unknown): unknown {
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return new SupervisorError('cancelled', 'The backup was cancelled. No file was left.');
  const reason = reasons[code ?? ''];
  return reason
    ? new SupervisorError('unavailable', `The backup ${file} cannot be written: ${reason}. No file was left.`, { code })
    : error;
}

import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { rows, type Orm } from './database.js';

const megabyte = 1024 * 1024;
// A checkpoint writes what has changed since the last one, and takes some 100 ms: while nobody waits it may come early.
const mostWhenIdle = 64 * megabyte;
const mostWhenBusy = 1024 * megabyte;
const idleMilliseconds = 1000;
const lookMilliseconds = 30_000;

/**
 * An embedded database has no process beside it that makes checkpoints: its log would grow until it is closed, and all of it be read again
 * after a kill. Looks twice a minute; does not keep the process alive.
 * @returns what ends it
 */
export function keepLogShort(client: PGlite, orm: Orm): () => void {
  let used = performance.now();
  const run = client.execProtocolRawSync.bind(client);
  client.execProtocolRawSync = (...message) => {
    used = performance.now();
    return run(...message);
  };
  const timer = setInterval(() => {
    const idle = performance.now() - used > idleMilliseconds;
    void shortenLog(orm, idle ? mostWhenIdle : mostWhenBusy).catch(() => {});
  }, lookMilliseconds).unref();
  return () => clearInterval(timer);
}

/** Makes a checkpoint when the log since the last one has more bytes than this. @returns whether it made one */
export async function shortenLog(orm: Orm, most: number): Promise<boolean> {
  if ((await logBytes(orm)) <= most) return false;
  await orm.execute(sql`checkpoint`);
  return true;
}

/** How much log there is since the last checkpoint: what would be read again after a kill. */
export async function logBytes(orm: Orm): Promise<number> {
  const [log] = await rows<{ bytes: string }>(orm, sql`select pg_current_wal_lsn() - redo_lsn as bytes from pg_control_checkpoint()`);
  return Number(log!.bytes);
}

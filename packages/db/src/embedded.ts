import { existsSync, mkdirSync, openAsBlob, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { homeFailure, SupervisorError } from '@supervisor/core';
import { drizzle } from 'drizzle-orm/pglite';
import { parseTar } from 'nanotar';
import type { Database, Orm } from './database.js';
import { DiskGuard, freeBytes, reserveBytes } from './disk-guard.js';
import { DurableFS } from './durable-fs.js';
import { tryLock, type Holder } from './lock.js';
import { withoutValues } from './statement-error.js';
import { sync, syncTree } from './sync.js';
import { keepLogShort } from './write-ahead-log.js';

// An initialised cluster, made by the build: starting from it takes a second, initdb takes ten.
const empty = fileURLToPath(new URL('../dist/template.tar.gz', import.meta.url));

/**
 * Opens a PGlite directory, made on first use. One process at a time: two on one directory lose writes.
 * @param template what a new one starts from (see `writeTemplate`); an empty database when absent
 * @throws SupervisorError `locked`, with the pid that has it open.
 */
export async function openEmbedded(directory: string, template = empty): Promise<Database> {
  const path = realPath(resolve(directory));
  const lock = tryLock(lockOf(path), 'embedded database');
  if ('holder' in lock) throw locked(path, lock.holder);
  try {
    await create(path, template);
    if (freeBytes(path) < reserveBytes) throw diskFull(path);
    await settle(path);
    return wrap(await openClient({ dataDir: path, fs: new DurableFS(path) }), path, lock.release);
  } catch (error) {
    lock.release();
    if (error instanceof SupervisorError) throw error;
    if (freeBytes(dirname(path)) < neededBytes) throw diskFull(path, error);
    const refused = refusal(path, error);
    if (refused) throw refused;
    throw new SupervisorError(
      'unavailable',
      `The embedded database in ${path} cannot be opened. Restore a backup, or move the folder away to start empty.`,
      { damaged: path },
      { cause: error },
    );
  }
}

// What PostgreSQL says of a full disk reaches us in many forms; how much is left does not.
const neededBytes = 64 * 1024 * 1024;

function diskFull(path: string, cause?: unknown): SupervisorError {
  const megabytes = Math.floor(freeBytes(dirname(path)) / 1024 / 1024);
  const message = `The disk that holds ${path} is full (${megabytes} MB left; a database needs ${neededBytes / 1024 / 1024}). Free some space and try again.`;
  return new SupervisorError('unavailable', message, {}, { cause });
}

// What the system refuses says nothing of the files: whoever restored a backup for it would lose what is newer.
function refusal(path: string, error: unknown): SupervisorError | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof RangeError && message.includes('allocate memory'))
    return new SupervisorError(
      'unavailable',
      `There is not enough memory for the embedded database in ${path}: it wants some GB of addresses, not all of them used. Raise the limit (ulimit -v), or end something else.`,
      {},
      { cause: error },
    );
  return ['EACCES', 'EPERM', 'EROFS'].includes(code ?? '') ? homeFailure(error, { directory: path }) : undefined;
}

/** The lock of a directory: beside it, and by whatever link the directory is named, the same one. */
export function lockOf(directory: string): string {
  return `${realPath(resolve(directory))}.lock`;
}

function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return existsSync(dirname(path)) ? join(realpathSync(dirname(path)), basename(path)) : path;
}

/** A database that lives in memory and is gone when closed: for tests. */
export async function openInMemory(): Promise<Database> {
  return wrap(await openClient({ loadDataDir: await openAsBlob(empty) }), 'memory', () => {});
}

/** Writes what new embedded databases can start from: an archive of one that has been prepared. */
export async function writeTemplate(file: string, prepare: (database: Database) => Promise<unknown>): Promise<void> {
  const client = await openClient({ loadDataDir: await openAsBlob(empty) });
  const database = wrap(client, 'memory', () => {});
  await prepare(database);
  await client.exec('vacuum freeze');
  await client.exec('checkpoint');
  const dump = await client.dumpDataDir('gzip');
  writeFileSync(file, Buffer.from(await dump.arrayBuffer()));
  await database.close();
}

/**
 * Where a restored directory waits, whole, for its place. Whoever opens the place and finds it empty puts it there:
 * the restore was ended between moving the old one away and moving this one in.
 */
export function restoredBeside(path: string): string {
  return `${path}.restored`;
}

// Made beside its place and renamed, so that a crash half-way leaves no half directory. We hold the lock: other leftovers are dead.
async function create(path: string, template: string): Promise<void> {
  if (existsSync(join(path, 'PG_VERSION'))) return;
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new SupervisorError('unavailable', `${path} is not a database and not empty. Name another folder.`);
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const restored = restoredBeside(path);
  if (existsSync(restored)) {
    rmSync(path, { recursive: true, force: true });
    return put(restored, path);
  }
  const prefix = `${basename(path)}.new-`;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(path), name), { recursive: true });
  }
  const fresh = join(dirname(path), `${prefix}${process.pid}`);
  await unpack(template, fresh);
  await syncTree(fresh);
  rmSync(path, { recursive: true, force: true });
  await put(fresh, path);
}

async function put(fresh: string, path: string): Promise<void> {
  renameSync(fresh, path);
  await sync(dirname(path));
}

// A process that was killed leaves its note, and perhaps what only the kernel has: recovery must not build on that. A power cut may
// leave half a note, which PostgreSQL refuses; whose it was does not matter, as we hold the lock.
async function settle(path: string): Promise<void> {
  const note = noteIn(path);
  if (!existsSync(note)) return;
  await syncTree(path);
  rmSync(note);
}

function noteIn(directory: string): string {
  return join(directory, 'postmaster.pid');
}

// Every file of a cluster is its owner's alone: PostgreSQL asks for that. The archive is of one that ran: its note is left out.
async function unpack(template: string, directory: string): Promise<void> {
  for (const { name, type, data } of parseTar(gunzipSync(await readFile(template)))) {
    const path = join(directory, name);
    if (path === noteIn(directory)) continue;
    if (type === 'directory') mkdirSync(path, { recursive: true, mode: 0o700 });
    else writeFileSync(path, data ?? '', { mode: 0o600 });
  }
}

// Without zeros each new 16 MB of log costs nothing; with them a commit that needs one blocks the service for 100 to 500 ms.
// The extension costs its 50 KB: it is in the process only where a database made it.
async function openClient(options: PGliteOptions): Promise<PGlite> {
  // Its -F is never to ask for the disk. DurableFS hears of one of the two ways to ask.
  const defaults = PGlite.defaultStartParams.filter((parameter) => parameter !== '-F' || !options.fs);
  const startParams = [...defaults, '-c', `shared_buffers=${sharedBuffers}`, '-c', 'wal_sync_method=fsync'];
  const client = new Embedded({ ...options, startParams, extensions: { vector } });
  await client.waitReady;
  // Its start has armed a timer where we could not see it: a nearer one takes its place.
  for (const statement of ["set statement_timeout = '1s'", 'reset statement_timeout', 'set wal_init_zero = off', fewStatistics])
    await client.exec(statement);
  return client;
}

// A start fills this memory with zeros, at half a second for the default of 128 MB. What does not fit in it is one read of a file away.
const sharedBuffers = '32MB';

// Of a million rows those that the default takes are a second's work, in which nobody is served; of these, less than a tenth.
const fewStatistics = 'set default_statistics_target = 10';

const longestTurnMilliseconds = 15;

// PostgreSQL arms timers of its own, such as ten seconds to its next statistics, and one of them would keep a finished script alive.
class Embedded extends PGlite {
  readonly #disk: DiskGuard | undefined;
  #yielded = performance.now();

  constructor(options: PGliteOptions) {
    super(options);
    const { dataDir } = options;
    this.#disk = dataDir === undefined ? undefined : new DiskGuard(() => freeBytes(dataDir));
  }

  // Before the parser of the answer is made: what another statement brings would be taken for the answer.
  override async execProtocolStream(...[message, options]: Parameters<PGlite['execProtocolStream']>) {
    if (!this.isInTransaction()) await this.#disk?.before(message, (other) => super.execProtocolStream(other));
    return super.execProtocolStream(message, options);
  }

  // Its answers are there within the same turn of the event loop: a caller of many short statements would hold up everything else.
  override async execProtocolRaw(...message: Parameters<PGlite['execProtocolRaw']>): Promise<Uint8Array> {
    if (performance.now() - this.#yielded > longestTurnMilliseconds) {
      await setImmediate();
      this.#yielded = performance.now();
    }
    return super.execProtocolRaw(...message);
  }

  override execProtocolRawSync(...message: Parameters<PGlite['execProtocolRawSync']>): Uint8Array {
    return withIdleTimers(() => super.execProtocolRawSync(...message));
  }
}

/** Its code runs synchronously in here: no other code's timer can be caught. A timer that fires arms the next. */
function withIdleTimers<Result>(run: () => Result): Result {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((callback: () => void, milliseconds?: number) =>
    setTimeout(() => withIdleTimers(callback), milliseconds).unref()) as typeof setTimeout;
  try {
    return run();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}

function wrap(client: PGlite, location: string, release: () => void): Database {
  const orm = withoutValues(drizzle(client) as unknown as Orm);
  const leaveLog = keepLogShort(client, orm);
  let closing: Promise<void> | undefined;
  const close = () => {
    leaveLog();
    return client.close().finally(release);
  };
  return { kind: 'embedded', location, orm, close: () => (closing ??= close()) };
}

function locked(path: string, holder: Holder | null): SupervisorError {
  const who = holder ? `process ${holder.pid} (since ${holder.since})` : 'another process';
  return new SupervisorError(
    'locked',
    `The embedded database in ${path} is open in ${who}. Only one process may have it open. ` +
      'Ask the running service instead (connect() of @supervisor/client has the same methods), end that process (supervisor stop), ' +
      'or use PostgreSQL, which any number of processes may share (DATABASE_URL).',
    holder ? { pid: holder.pid } : {},
  );
}

// As PGlite has it: who watches one watches both.
import fs from 'node:fs';
import { clearTimeout, setTimeout } from 'node:timers';
import { promisify } from 'node:util';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { ignoreUnable } from './sync.js';

type Options = Parameters<NodeFS['init']>[1];
type Node = { parent: Node; name: string };
type Stream = { node: Node; nfd: number; flags: number };
type Operation = (...given: never[]) => unknown;
type Operations = Record<string, Operation | undefined>;
type Files = {
  stream_ops: Operations;
  node_ops: Operations;
  realPath(node: Node): string;
  tryFSOperation<Result>(run: () => Result): Result;
};

const soonMilliseconds = 30;
// A statement that runs for long lets no timer come; the log that it writes itself must not wait behind it.
const lateMilliseconds = 100;
const createFlag = 0o100;

/**
 * The files of an embedded database, such that a power cut leaves what PostgreSQL recovers from. A commit does not wait for the disk:
 * its log gets there soon, in the background. But nothing that is there is changed before the log that tells of it has arrived.
 * What the folder has when it is opened must be on the disk (see `syncTree`).
 */
export class DurableFS extends NodeFS {
  #files!: Files;
  // By a handle of our own: PostgreSQL may close, rename or remove a log meanwhile.
  #unsyncedLogs = new Map<Node, number>();
  #logsInSync: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  #late = 0;
  #unsynced = new WeakSet<Node>();
  // What a disk has refused once it may say yes to the next time, without having it.
  #failure: unknown;

  override init(pg: PGlite, options: Options): ReturnType<NodeFS['init']> {
    const watch: NonNullable<Options['preRun']>[number] = ({ FS }) =>
      this.#watch((FS as unknown as { filesystems: { NODEFS: Files } }).filesystems.NODEFS);
    return super.init(pg, { ...options, preRun: [...(options.preRun ?? []), watch] });
  }

  override async closeFs(): Promise<void> {
    await super.closeFs();
    clearTimeout(this.#timer);
    this.#syncLogs();
    await this.#syncing;
  }

  // What it is given belongs to this database alone. Whatever is missing in another version of PGlite fails the start.
  #watch(files: Files): void {
    this.#files = files;
    const { stream_ops: streams, node_ops: nodes } = files;
    const beforeRemoving = (folder: Node) => this.#change(folder);
    before(nodes, 'unlink', beforeRemoving);
    before(nodes, 'rmdir', beforeRemoving);
    before(nodes, 'rename', (node: Node, folder: Node) => this.#change(node.parent, folder));
    before(nodes, 'mknod', (folder: Node) => this.#mark(folder));
    before(nodes, 'setattr', (node: Node, { size }: { size?: number }) => {
      if (size !== undefined) this.#change(node);
    });
    before(streams, 'open', ({ node, flags }: Stream) => {
      if (flags & createFlag) this.#mark(node.parent, ...(isLog(node) ? [] : [node]));
    });
    before(streams, 'setattr', (stream: Stream, { size }: { size?: number }) => {
      if (size === undefined) return;
      if (size < sizeOf(stream)) this.#change(stream.node);
      else this.#mark(stream.node);
    });
    before(streams, 'write', (stream: Stream, memory: Int8Array, offset: number, length: number, position: number) => {
      // PostgreSQL too makes a file longer before its log tells why: zeros at its end are nothing to recovery.
      if (isZeros(memory, offset, length) && position >= sizeOf(stream)) this.#mark(stream.node);
      else this.#change(stream.node);
    });
    streams['fsync'] = ({ node, nfd }: Stream) => {
      if (this.#unsynced.has(node)) files.tryFSOperation(() => fs.fsyncSync(nfd));
      this.#unsynced.delete(node);
      return 0;
    };
  }

  #change(...nodes: Node[]): void {
    this.#files.tryFSOperation(() => {
      if (this.#failure) throw this.#failure;
      const isLate = this.#unsyncedLogs.size > 0 && performance.now() > this.#late;
      if (isLate || !nodes.every(isLog)) this.#syncLogs();
    });
    this.#mark(...nodes);
  }

  #mark(...nodes: Node[]): void {
    for (const node of nodes) {
      if (!isLog(node)) this.#unsynced.add(node);
      else if (!this.#unsyncedLogs.has(node)) this.#markLog(node);
    }
    if (this.#unsyncedLogs.size > 0) this.#timer ??= setTimeout(() => (this.#syncing = this.#syncInBackground()), soonMilliseconds);
  }

  #markLog(node: Node): void {
    if (this.#unsyncedLogs.size === 0) this.#late = performance.now() + lateMilliseconds;
    const path = this.#files.realPath(node);
    const file = this.#files.tryFSOperation(() => fs.openSync(path, 'r'));
    this.#unsyncedLogs.set(node, file);
  }

  #syncLogs(): void {
    const files = [...this.#unsyncedLogs.values()];
    try {
      [...this.#logsInSync, ...files].forEach(syncNow);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    this.#logsInSync = [];
    this.#unsyncedLogs.clear();
    files.forEach((file) => fs.closeSync(file));
  }

  async #syncInBackground(): Promise<void> {
    const files = [...this.#unsyncedLogs.values()];
    this.#logsInSync = files;
    this.#unsyncedLogs.clear();
    const results = await Promise.allSettled(files.map(syncLater));
    this.#failure ??= results.find((result) => result.status === 'rejected')?.reason;
    this.#logsInSync = [];
    files.forEach((file) => fs.closeSync(file));
    this.#timer = undefined;
    this.#mark();
  }
}

function syncNow(file: number): void {
  try {
    fs.fdatasyncSync(file);
  } catch (error) {
    ignoreUnable(error);
  }
}

function syncLater(file: number): Promise<void> {
  return promisify(fs.fdatasync)(file).catch(ignoreUnable);
}

function before(operations: Operations, name: string, hook: Operation): void {
  const run = operations[name];
  if (!run) throw new Error(`PGlite has no ${name} of files any more: DurableFS does not fit this version.`);
  operations[name] = (...given) => {
    hook(...given);
    return run(...given);
  };
}

function isLog(node: Node): boolean {
  return node.name === 'pg_wal' || (node.parent !== node && isLog(node.parent));
}

function isZeros(memory: Int8Array, offset: number, length: number): boolean {
  if (memory[offset] !== 0) return false;
  const bytes = Buffer.from(memory.buffer, memory.byteOffset + offset, length);
  return bytes.subarray(1).equals(bytes.subarray(0, -1));
}

function sizeOf({ nfd }: Stream): number {
  return fs.fstatSync(nfd).size;
}

// A disk with a power plug. It sees what node:fs is asked to do beneath a folder, and can say what might be left of that after a power cut:
// of a file what was there when its last finished sync began, and of what was written since each block as of any moment, or torn between two;
// of creations, renames, removals and truncations those up to some moment, no earlier than the last sync of a file or folder concerned.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blockBytes, Remains } from './remains.mjs';

const syncMilliseconds = 5;
const real = { ...fs, promises: { ...fs.promises } };

export class Disk {
  /** Is called after each change or sync. */
  onChange = () => {};
  // What each block that is not on the disk has been since it was; the last is what it is now. null: not there.
  #files = new Map();
  #opened = new Map();
  // Of folders and names, in their order; the first so many are on the disk.
  #changes = [];
  #kept = 0;
  #graves = 0;

  /** @param folder what is seen @param graveyard where removed files are kept, on the same file system */
  constructor(folder, graveyard) {
    this.folder = folder;
    this.graveyard = graveyard;
    real.mkdirSync(graveyard, { recursive: true });
    this.#plugIn();
  }

  #plugIn() {
    // Not the lock beside it: the next one makes it anew.
    const seen = (path) => typeof path === 'string' && `${path}/`.startsWith(`${this.folder}/`) && !path.endsWith('.lock');
    const patch = (name, when, instead) => {
      fs[name] = (...given) => {
        if (!when(given[0])) return real[name](...given);
        const result = instead(...given);
        this.onChange();
        return result;
      };
    };
    const isOpen = (fd) => this.#opened.has(fd);
    fs.openSync = (path, flags = 'r', mode) => {
      if (!seen(path)) return real.openSync(path, flags, mode);
      const isNew = !real.existsSync(path);
      const fd = real.openSync(path, flags, mode);
      const file = fileOf(real.fstatSync(fd), path);
      if (isNew) this.#change({ kind: 'create', path, inode: file.inode });
      // What is opened to be written may not be read.
      if (!file.folder) file.reader = real.openSync(path, 'r');
      this.#opened.set(fd, file);
      return fd;
    };
    fs.closeSync = (fd) => {
      const reader = this.#opened.get(fd)?.reader;
      if (reader !== undefined) real.closeSync(reader);
      this.#opened.delete(fd);
      real.closeSync(fd);
    };
    patch('writeFileSync', seen, (path, data, options) => {
      if (real.existsSync(path)) throw new Error(`${path} is written anew: the model has no such thing.`);
      const fd = fs.openSync(path, 'w', options.mode);
      if (data.length > 0) this.#write(fd, data, 0, data.length, 0);
      fs.closeSync(fd);
    });
    patch('writeSync', isOpen, (...given) => this.#write(...given));
    patch('ftruncateSync', isOpen, (fd, size) => this.#truncate(fd, size));
    patch('truncateSync', seen, (path, size) => {
      const fd = fs.openSync(path, 'r+');
      this.#truncate(fd, size);
      fs.closeSync(fd);
    });
    patch('renameSync', seen, (from, to) => {
      const grave = real.existsSync(to) && real.statSync(to).isFile() ? this.#bury(to) : undefined;
      real.renameSync(from, to);
      this.#change({ kind: 'rename', path: to, from, grave, inode: real.statSync(to).ino });
    });
    const unlink = (path) => {
      const inode = real.statSync(path).ino;
      const grave = this.#bury(path);
      real.unlinkSync(path);
      this.#change({ kind: 'unlink', path, grave, inode });
    };
    patch('unlinkSync', seen, unlink);
    patch(
      'rmSync',
      (path) => seen(path) && real.existsSync(path),
      (path) => (real.statSync(path).isFile() ? unlink(path) : fs.rmdirSync(path)),
    );
    patch('mkdirSync', seen, (path, options) => {
      const made = real.mkdirSync(path, options);
      if (!options?.recursive || made) this.#change({ kind: 'mkdir', path });
    });
    patch('rmdirSync', seen, (path) => {
      real.rmdirSync(path);
      this.#change({ kind: 'rmdir', path });
    });
    // The disk of this model is always as fast: the real one is not waited for.
    patch('fsyncSync', isOpen, (fd) => this.#beginSync(this.#opened.get(fd))());
    patch('fdatasyncSync', isOpen, (fd) => this.#beginSync(this.#opened.get(fd), 'data')());
    fs.fdatasync = (fd, done) => {
      const finish = this.#beginSync(this.#opened.get(fd), 'data');
      setTimeout(() => {
        finish();
        this.onChange();
        done(null);
      }, syncMilliseconds);
    };
    fs.promises.open = async (path, ...given) => {
      const file = await real.promises.open(path, ...given);
      if (!seen(path)) return file;
      const opened = fileOf(await file.stat(), path);
      file.sync = async () => {
        const finish = this.#beginSync(opened);
        await sleep(1);
        finish();
        this.onChange();
      };
      return file;
    };
    syncBuiltinESMExports();
  }

  #change(change) {
    this.#changes.push(change);
  }

  #bury(path) {
    const grave = join(this.graveyard, String(this.#graves++));
    real.linkSync(path, grave);
    return grave;
  }

  #unsynced(inode) {
    if (!this.#files.has(inode)) this.#files.set(inode, new Map());
    return this.#files.get(inode);
  }

  #write(fd, bytes, offset, length, position) {
    const { inode, reader } = this.#opened.get(fd);
    const blocks = this.#unsynced(inode);
    const numbers = [];
    for (let block = Math.floor(position / blockBytes); block * blockBytes < position + length; block++) numbers.push(block);
    for (const block of numbers) {
      if (!blocks.has(block)) blocks.set(block, { dropped: 0, versions: [read(reader, block)] });
    }
    const written = real.writeSync(fd, bytes, offset, length, position);
    for (const block of numbers) blocks.get(block).versions.push(read(reader, block));
    return written;
  }

  #truncate(fd, size) {
    const { inode, reader } = this.#opened.get(fd);
    const before = real.fstatSync(fd).size;
    const tail = Buffer.alloc(Math.max(0, before - size));
    real.readSync(reader, tail, 0, tail.length, size);
    real.ftruncateSync(fd, size);
    const blocks = this.#unsynced(inode);
    for (const block of blocks.keys()) if ((block + 1) * blockBytes > size && before > size) blocks.delete(block);
    this.#change({ kind: 'truncate', inode, size, before, tail });
  }

  // Only what was written before a sync began is on the disk when it has ended.
  #beginSync({ inode, folder }, what = 'all') {
    const blocks = [...this.#unsynced(inode)].map(([number, block]) => ({
      number,
      block,
      until: block.dropped + block.versions.length - 1,
    }));
    const kept = this.#changes.findLastIndex((change) => {
      if (folder !== undefined)
        return change.path !== undefined && [change.path, change.from ?? change.path].some((path) => dirname(path) === folder);
      return change.inode === inode && (what === 'all' || ['create', 'truncate'].includes(change.kind));
    });
    return () => {
      this.#kept = Math.max(this.#kept, kept + 1);
      for (const { number, block, until } of blocks) {
        block.versions.splice(0, until - block.dropped);
        block.dropped = Math.max(until, block.dropped);
        if (block.versions.length === 1 && this.#files.get(inode).get(number) === block) this.#files.get(inode).delete(number);
      }
    };
  }

  /** Builds in another place what a power cut now might leave. @returns in words what was lost */
  cut(place, random) {
    const remains = new Remains(place, this.#files, random);
    remains.copy(this.folder, place);
    const unkept = this.#changes.length - this.#kept;
    const luck = random();
    const undone = luck < 0.3 ? unkept : luck < 0.5 ? 0 : Math.floor(random() * (unkept + 1));
    const last = this.#changes.slice(this.#changes.length - undone).toReversed();
    for (const change of last) remains.undo(change, (path) => join(place, relative(this.folder, path)));
    return { undone, of: unkept, reverted: remains.reverted };
  }
}

function fileOf(stats, path) {
  return { inode: stats.ino, folder: stats.isDirectory() ? path : undefined };
}

function read(fd, block) {
  const bytes = Buffer.alloc(blockBytes);
  const length = real.readSync(fd, bytes, 0, blockBytes, block * blockBytes);
  return length === 0 ? null : bytes.subarray(0, length);
}

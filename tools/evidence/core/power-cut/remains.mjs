// What a disk may have after a power cut: a copy of what it was asked for, from which things are then missing.
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

export const blockBytes = 8192;
const sectorBytes = 512;

export class Remains {
  reverted = 0;
  #inodes = new Map();

  constructor(place, unsynced, random) {
    this.unsynced = unsynced;
    this.random = random;
    mkdirSync(place, { recursive: true, mode: 0o700 });
  }

  copy(from, to) {
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [join(from, entry.name), join(to, entry.name)];
      if (entry.isDirectory()) {
        mkdirSync(target, { mode: 0o700 });
        this.copy(source, target);
      } else this.#copyFile(source, target);
    }
  }

  #copyFile(source, target) {
    copyFileSync(source, target);
    const inode = statSync(source).ino;
    this.#inodes.set(inode, target);
    const blocks = this.unsynced.get(inode);
    if (!blocks?.size) return;
    const fd = openSync(target, 'r+');
    const size = fstatSync(fd).size;
    let end = 0;
    let lost = false;
    for (const [number, { versions }] of blocks) {
      const left = this.#survivor(versions);
      if (left !== versions.at(-1)) this.reverted++;
      if (left === null) lost = true;
      else end = Math.max(end, number * blockBytes + left.length);
      const bytes = Buffer.alloc(Math.max(0, Math.min(blockBytes, size - number * blockBytes)));
      left?.copy(bytes);
      writeSync(fd, bytes, 0, bytes.length, number * blockBytes);
    }
    // What is not there at its end is missing or zeros.
    if (lost && this.random() < 0.5) {
      const first = Math.min(...[...blocks].filter(([, { versions }]) => versions[0] === null).map(([number]) => number * blockBytes));
      ftruncateSync(fd, Math.max(end, Math.min(first, size)));
    }
    closeSync(fd);
  }

  #survivor(versions) {
    const pick = () => versions[Math.floor(this.random() * versions.length)];
    const one = this.random() < 0.3 ? versions[0] : pick();
    if (this.random() < 0.7) return one;
    const other = pick();
    if (one === null || other === null || one === other) return one;
    const torn = Buffer.alloc(Math.max(one.length, other.length));
    for (let at = 0; at < torn.length; at += sectorBytes) (this.random() < 0.5 ? one : other).subarray(at, at + sectorBytes).copy(torn, at);
    return torn;
  }

  undo(change, at) {
    const path = change.path && at(change.path);
    if (change.kind === 'create') rmSync(path);
    if (change.kind === 'mkdir') rmdirSync(path);
    if (change.kind === 'rmdir') mkdirSync(path, { mode: 0o700 });
    if (change.kind === 'rename') {
      renameSync(path, at(change.from));
      for (const [inode, target] of this.#inodes) {
        if (target === path || target.startsWith(`${path}/`)) this.#inodes.set(inode, at(change.from) + target.slice(path.length));
      }
    }
    if (change.grave) this.#copyFile(change.grave, path);
    if (change.kind === 'truncate') this.#undoTruncate(change);
  }

  #undoTruncate({ inode, size, before, tail }) {
    const target = this.#inodes.get(inode);
    if (target === undefined || !existsSync(target)) return;
    if (before <= size) return truncateSync(target, Math.min(before, statSync(target).size));
    const fd = openSync(target, 'r+');
    writeSync(fd, tail, 0, tail.length, size);
    closeSync(fd);
  }
}

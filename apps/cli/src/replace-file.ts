import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** Writes a file in one step, so that nobody ever reads half of it; an old one keeps its mode, and a link its target. */
export function replaceFile(path: string, content: string, mode = 0o644): void {
  const old = statSync(path, { throwIfNoEntry: false });
  write(path, content, old?.mode ?? mode, old !== undefined);
}

/** The same for what only its owner may read: an old file that others could read no longer is one. */
export function replacePrivateFile(path: string, content: string): void {
  write(path, content, 0o600, true);
}

function write(path: string, content: string, mode: number, whateverUmask: boolean): void {
  const target = statSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.new`;
  // One that is left of a process that was killed may be open to others.
  rmSync(temporary, { force: true });
  writeFileSync(temporary, content, { mode, flag: 'wx' });
  if (whateverUmask) chmodSync(temporary, mode);
  renameSync(temporary, target);
}

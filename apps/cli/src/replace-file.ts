import { chmodSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';

/** Writes a file in one step, so that nobody ever reads half of it; an old one keeps its mode, and a link its target. */
export function replaceFile(path: string, content: string, mode = 0o644): void {
  const old = statSync(path, { throwIfNoEntry: false });
  const target = old ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode: old?.mode ?? mode });
  if (old) chmodSync(temporary, old.mode);
  renameSync(temporary, target);
}

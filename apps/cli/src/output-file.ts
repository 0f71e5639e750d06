import { fstatSync, statSync } from 'node:fs';
import { UsageError } from './input.js';

/** Refuses a place for values that is no file of its own, such as this command's output. @throws UsageError */
export function checkOutputFile(path: string): void {
  const old = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false });
  const output = fstatSync(1);
  const isOutput = path === '-' || (old?.ino === output.ino && old.dev === output.dev);
  if (isOutput || (old && !old.isFile()))
    throw new UsageError(
      `${path} is no file that can be replaced. Values are written to a file that only you can read, never to the output.`,
    );
}

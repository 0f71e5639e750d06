import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import native from 'fs-native-extensions';

/** Who holds a lock, as the holder wrote it. */
export interface Holder {
  pid: number;
  since: string;
  what: string;
}

export type LockResult = { release(): void } | { holder: Holder | null };

/**
 * Takes an exclusive lock that the kernel releases when this process dies, however it dies.
 * It is never taken over by age. Answers with the holder when somebody else has it.
 */
export function tryLock(path: string, what: string): LockResult {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if (!native.tryLock(file)) {
    closeSync(file);
    return { holder: readHolder(path) };
  }
  const holder: Holder = { pid: process.pid, since: new Date().toISOString(), what };
  ftruncateSync(file);
  writeSync(file, JSON.stringify(holder), 0);
  return {
    release() {
      ftruncateSync(file);
      closeSync(file);
    },
  };
}

/** The holder's note; null in the instant before it is written. */
function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '@supervisor/core/home';

export interface LoggedError {
  at: string;
  message: string;
}

const readBytes = 64 * 1024;
const dayMilliseconds = 86_400_000;

/** The service's last errors of the last day, newest last. */
export function recentErrors(home: Home, most = 3): LoggedError[] {
  const path = join(home.logs, 'service.log');
  if (!existsSync(path)) return [];
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, readBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    const errors = buffer.toString().split('\n').flatMap(parseError);
    return errors.filter(({ at }) => Date.now() - Date.parse(at) < dayMilliseconds).slice(-most);
  } finally {
    closeSync(file);
  }
}

// The first line may be the end of a longer one.
function parseError(line: string): LoggedError[] {
  if (!line.includes('"level":"error"')) return [];
  try {
    const { at, message, id } = JSON.parse(line) as { at: string; message: string; id?: string };
    return [{ at, message: id === undefined ? message : `${message} (${id})` }];
  } catch {
    return [];
  }
}

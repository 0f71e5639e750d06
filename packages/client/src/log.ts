import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core/errors';
import type { Home } from '@supervisor/core/home';

const shownBytes = 16 * 1024;
const pauseMilliseconds = 500;

/**
 * Writes the end of the service's log, and what comes for as long as `goOn` says so.
 * @throws SupervisorError `not_found` when there is none yet
 */
export async function followLog(home: Home, write: (text: Buffer) => void, goOn: () => boolean): Promise<void> {
  const path = join(home.logs, 'service.log');
  if (!existsSync(path)) throw new SupervisorError('not_found', `There is no log in ${home.logs} yet.`);
  let file = openSync(path, 'r');
  let position = Math.max(0, fstatSync(file).size - shownBytes);
  for (;;) {
    const { size, ino } = fstatSync(file);
    const buffer = Buffer.alloc(Math.max(0, size - position));
    position += readSync(file, buffer, 0, buffer.length, position);
    if (buffer.length > 0) write(buffer);
    if (!goOn()) return closeSync(file);
    await sleep(pauseMilliseconds);
    // A full log is set aside and a new one begun.
    if ((statSync(path, { throwIfNoEntry: false })?.ino ?? ino) === ino) continue;
    closeSync(file);
    file = openSync(path, 'r');
    position = 0;
  }
}

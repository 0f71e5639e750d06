import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { openDatabase, restoredBeside, type Database } from '@supervisor/db';

/**
 * Fills a new database directory and puts it in the place of another. Ended at any moment, one of the two is whole in the place,
 * or the new one is put there by whoever opens it next.
 * @returns where the old one is kept; undefined when there was none
 */
export async function restoreDirectory(place: string, fill: (database: Database) => Promise<unknown>): Promise<string | undefined> {
  const fresh = `${place}.restoring`;
  const whole = restoredBeside(place);
  for (const leftover of [fresh, whole]) rmSync(leftover, { recursive: true, force: true });
  try {
    const database = await openDatabase({ kind: 'embedded', directory: fresh });
    await fill(database).finally(() => database.close());
    renameSync(fresh, whole);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(`${fresh}.lock`, { force: true });
  }
  const kept = moveAway(place);
  renameSync(whole, place);
  sync(dirname(place));
  return kept;
}

/** Gives a directory a dated name. @returns the name; undefined when it was not there */
export function moveAway(place: string): string | undefined {
  if (!existsSync(place)) return undefined;
  const kept = `${place}.before-${new Date().toISOString().replaceAll(':', '-')}`;
  renameSync(place, kept);
  return kept;
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

import { existsSync } from 'node:fs';
import { SupervisorError, type Home } from '@supervisor/core';
import { databaseErrorCode } from '@supervisor/db';
import { listBackups } from './backups.js';

// PostgreSQL's own words for files that are broken or gone.
const broken = /^(XX00[0-2]|58P01|58030)$/;

/** What to do when the embedded database's files cannot be read: the newest backup and its command. Undefined for another error. */
export async function describeDamage(home: Home, error: unknown): Promise<SupervisorError | undefined> {
  const damaged = error instanceof SupervisorError && error.details['damaged'] === home.data;
  if (!damaged && !broken.test(databaseErrorCode(error) ?? '')) return undefined;
  const [newest] = await listBackups(home);
  const what = `The embedded database in ${home.data} cannot be read.`;
  const next = newest
    ? `The newest backup is of ${newest.createdAt}, with ${newest.rows} rows. Restore it: ${restoreCommand(home, newest.file)} (what is there now is kept under another name).`
    : `There is no backup in ${home.backups}. Move ${home.data} away to start empty, and keep it: some of it may be saved.`;
  return new SupervisorError('unavailable', `${what} ${next}`, { damaged: home.data, backup: newest?.file }, { cause: error });
}

/** The command as a person pastes it. */
function restoreCommand(home: Home, file: string): string {
  const command = existsSync(home.command) ? quote(home.command) : 'supervisor';
  return `${command} restore ${quote(file)}`;
}

function quote(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

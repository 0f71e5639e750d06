import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '@supervisor/core';
import { readBackupHeader } from '@supervisor/db/backup';

/** Whether a backup in the home can be opened with this key only. One that cannot be read may. */
export async function backupsNeed(home: Home, fingerprint: string): Promise<boolean> {
  for (const name of namesIn(home.backups)) {
    const header = await readBackupHeader(join(home.backups, name)).catch(() => undefined);
    if (!header || header.keys.includes(fingerprint)) return true;
  }
  return false;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

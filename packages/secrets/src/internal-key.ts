import { randomBytes, randomUUID } from 'node:crypto';
import type { Orm } from '@supervisor/db';
import type { CurrentVersions } from './current.js';
import type { Keyring } from './keyring.js';
import { secrets } from './schema.js';
import { addVersion } from './versions.js';

/** 32 random bytes under a name, made on first use. */
export async function internalKey(orm: Orm, keyring: Keyring, current: CurrentVersions, name: string): Promise<Buffer> {
  // The underscore is not in a path's charset: no caller can write this path.
  const path = `_supervisor/${name}`;
  const at = { id: randomUUID(), path, version: 1, exposure: 'internal' as const };
  await keyring.reserve(orm, 1);
  await orm.transaction(async (tx) => {
    const values = { ...at, project: '_supervisor' };
    const inserted = await tx.insert(secrets).values(values).onConflictDoNothing().returning({ id: secrets.id });
    if (inserted.length > 0) await addVersion(tx, keyring, randomBytes(32), at);
  });
  const row = await current.at(path);
  return keyring.open(row!.envelope!, { ...at, secretId: row!.id });
}

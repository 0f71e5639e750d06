import { SupervisorError } from '@supervisor/core';
import { rows, type Database, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { encryptionKeys } from './schema.js';

const lock = 7_385_003;

/**
 * The fingerprints of the keys this database is sealed under. Empty for a new one; writes nothing, also before any migration.
 */
export async function requiredKeys(database: Pick<Database, 'orm'>): Promise<string[]> {
  const [table] = await rows<{ exists: boolean }>(
    database.orm,
    sql`select to_regclass('supervisor.encryption_keys') is not null as exists`,
  );
  if (!table?.exists) return [];
  const keys = await database.orm.select().from(encryptionKeys).orderBy(encryptionKeys.claimedAt);
  return keys.map(({ id }) => id);
}

/**
 * Makes sure that this database is sealed under this key: the first key that comes is it.
 * @throws SupervisorError `wrong_key`, naming the fingerprint that is needed.
 */
export async function claimKey(database: Database, fingerprint: string): Promise<void> {
  const known = await requiredKeys(database);
  if (known.includes(fingerprint)) return;
  if (known.length > 0) throw wrongKey(known, fingerprint);
  const claimed = await database.orm.transaction(async (tx) => {
    await (tx as Orm).execute(sql`select pg_advisory_xact_lock(${lock}::bigint)`);
    const keys = await tx.select().from(encryptionKeys);
    if (keys.length > 0) return keys.map(({ id }) => id);
    await tx.insert(encryptionKeys).values({ id: fingerprint });
    return [fingerprint];
  });
  if (!claimed.includes(fingerprint)) throw wrongKey(claimed, fingerprint);
}

export function wrongKey(needed: readonly string[], given?: string): SupervisorError {
  const have = given === undefined ? 'there is no key' : `this key has ${given}`;
  return new SupervisorError(
    'wrong_key',
    `The secrets of this database are sealed under the key with fingerprint ${needed.join(' or ')}; ${have}. Set ENCRYPTION_KEY to that key. Nothing was changed.`,
    { needed, ...(given === undefined ? {} : { given }) },
  );
}

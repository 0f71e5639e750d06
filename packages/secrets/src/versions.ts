import { SupervisorError } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { and, asc, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import { retired, type Keyring } from './keyring.js';
import { secrets, secretVersions } from './schema.js';

/** A secret as its row says, without a value. */
export type Stored = typeof secrets.$inferSelect;

/** One version of a secret, as it is shown. */
export interface VersionInfo {
  version: number;
  createdAt: string;
  /** The key that its data key is wrapped by; null once destroyed. */
  keyId: string | null;
  destroyedAt: string | null;
}

/** The secret at a path, locked until the end of the transaction. Internal ones are nobody's. */
export async function lockSecret(tx: Orm, path: string): Promise<Stored | undefined> {
  const [row] = await tx.select().from(secrets).where(eq(secrets.path, path)).for('update');
  return row?.exposure === 'internal' ? undefined : row;
}

/** Seals a value as a version. Its wrap must have been reserved. A key that was retired meanwhile seals nothing. */
export async function addVersion(
  tx: Orm,
  keyring: Keyring,
  plain: Buffer,
  at: { id: string; path: string; version: number; exposure: string },
): Promise<void> {
  const { keyId, envelope } = keyring.seal(plain, { ...at, secretId: at.id });
  // The lock on the key's row holds off its retirement until this version can be seen.
  const added = await rows(
    tx,
    sql`insert into supervisor.secret_versions (secret_id, version, key_id, envelope)
        select ${at.id}::uuid, ${at.version}::integer, id, ${envelope}::bytea from supervisor.encryption_keys
        where id = ${keyId} and state <> 'retired' for key share returning version`,
  );
  if (added.length === 0) throw retired(keyId);
}

/** The value of one version. @throws SupervisorError `not_found` when there is none or it was destroyed */
export async function openVersion(tx: Orm, keyring: Keyring, stored: Stored, version: number): Promise<Buffer> {
  const [row] = await tx
    .select({ envelope: secretVersions.envelope })
    .from(secretVersions)
    .where(and(eq(secretVersions.secretId, stored.id), eq(secretVersions.version, version)));
  if (!row?.envelope) {
    const reason = row ? 'was destroyed' : `does not exist; the newest is ${stored.version}`;
    throw new SupervisorError('not_found', `Version ${version} of ${stored.path} ${reason}.`);
  }
  return keyring.open(row.envelope, { ...stored, secretId: stored.id, version });
}

/** How many wraps it takes to seal all versions of a secret again, with room for those that come meanwhile. */
export async function wrapsOf(orm: Orm, path: string): Promise<number> {
  const [row] = await orm.select({ version: secrets.version }).from(secrets).where(eq(secrets.path, path));
  return (row?.version ?? 0) + 16;
}

/** Seals every version again, for another path or exposure: both are authenticated with the value. */
export async function reseal(
  tx: Orm,
  keyring: Keyring,
  stored: Stored,
  to: Partial<Pick<Stored, 'path' | 'exposure'>>,
  mostWraps: number,
): Promise<void> {
  if (stored.version > mostWraps)
    throw new SupervisorError('conflict', `${stored.path} got many new versions in this moment. Nothing was changed; try again.`);
  const kept = await tx
    .select({ version: secretVersions.version })
    .from(secretVersions)
    .where(and(eq(secretVersions.secretId, stored.id), isNotNull(secretVersions.envelope)))
    .orderBy(asc(secretVersions.version));
  for (const { version } of kept) {
    const plain = await openVersion(tx, keyring, stored, version);
    const sealed = keyring.seal(plain, { ...stored, ...to, secretId: stored.id, version });
    plain.fill(0);
    await tx
      .update(secretVersions)
      .set(sealed)
      .where(and(eq(secretVersions.secretId, stored.id), eq(secretVersions.version, version)));
  }
  await tx
    .update(secrets)
    .set({ ...to, updatedAt: sql`now()` })
    .where(eq(secrets.id, stored.id));
}

/** Removes the value of a version for good. @returns whether it was there @throws SupervisorError `conflict` for the newest */
export async function destroyVersion(tx: Orm, stored: Stored, version: number): Promise<boolean> {
  if (version === stored.version)
    throw new SupervisorError(
      'conflict',
      `Version ${version} of ${stored.path} is the newest. Store or roll back to another first, or destroy the whole secret.`,
    );
  const [gone] = await tx
    .update(secretVersions)
    .set({ envelope: null, keyId: null, traces: null, destroyedAt: sql`now()` })
    .where(and(eq(secretVersions.secretId, stored.id), eq(secretVersions.version, version), isNull(secretVersions.destroyedAt)))
    .returning({ version: secretVersions.version });
  return gone !== undefined;
}

/** All versions, the newest first. */
export async function history(orm: Orm, id: string): Promise<VersionInfo[]> {
  const { version, createdAt, keyId, destroyedAt } = secretVersions;
  return orm
    .select({ version, createdAt, keyId, destroyedAt })
    .from(secretVersions)
    .where(eq(secretVersions.secretId, id))
    .orderBy(sql`${version} desc`);
}

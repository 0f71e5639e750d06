import { randomUUID, timingSafeEqual } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { eq, sql } from 'drizzle-orm';
import { chooseExposure, defaultExposure, type Exposure } from './exposure.js';
import type { Keyring } from './keyring.js';
import { checkPath, projectOf, valueProblem } from './path.js';
import { shortestDisguised } from './redact/redactor.js';
import { secrets } from './schema.js';
import { addVersion, lockSecret, openVersion, type Stored } from './versions.js';

/** Fields left out keep what they were. */
export interface MetadataOptions {
  description?: string | undefined;
  type?: string | undefined;
  provider?: string | undefined;
}

export interface StoreOptions extends MetadataOptions {
  /** Of a new secret; left out, what its path's default says. Never looser than that. */
  exposure?: Exposure | undefined;
  /** ISO 8601: when the value stops working. A new value without it has no known end. */
  expiresAt?: string | undefined;
  /** Store only when this is the newest version; 0: only when there is none. */
  ifVersion?: number | undefined;
}

export interface StoreResult {
  path: string;
  version: number;
  /** There was nothing at the path. */
  created: boolean;
  /** The value differs from the one before, so there is a new version. */
  changed: boolean;
}

/** Stores all values or none. Nothing is asked of the database before all are what they must be. */
export async function storeAll(
  database: () => Promise<Orm>,
  keyring: Keyring,
  entries: readonly ({ path: string; value: string } & StoreOptions)[],
): Promise<StoreResult[]> {
  for (const { path, value } of entries) {
    checkPath(path);
    const problem = valueProblem(value);
    if (problem) throw new SupervisorError('invalid_input', `The value of ${path} ${problem}.`);
  }
  const described = withoutTheirValues(entries);
  const orm = await database();
  await keyring.reserve(orm, entries.length);
  // In one order everywhere: two bulks with the same paths wait for each other instead of deadlocking.
  const order = entries.map((_, index) => index).toSorted((a, b) => (entries[a]!.path < entries[b]!.path ? -1 : 1));
  return orm.transaction(async (tx) => {
    const results: StoreResult[] = [];
    for (const index of order) results[index] = await storeOne(tx, keyring, described[index]!);
    return results;
  });
}

// Whoever describes a value may repeat it. None of them is stored yet, where `redact` would find it.
function withoutTheirValues<Entry extends { path: string; value: string } & StoreOptions>(entries: readonly Entry[]): Entry[] {
  const hidden = entries.filter(({ value }) => Buffer.byteLength(value) >= shortestDisguised);
  return entries.map((entry) => {
    const description = hidden.reduce((text, { path, value }) => text?.replaceAll(value, `[secret:${path}]`), entry.description);
    return { ...entry, description };
  });
}

// Within a transaction; its wrap must have been reserved.
async function storeOne(tx: Orm, keyring: Keyring, entry: { path: string; value: string } & StoreOptions): Promise<StoreResult> {
  const { path, value, ...options } = entry;
  const plain = Buffer.from(value);
  try {
    const stored = await lockSecret(tx, path);
    if (stored) return await storeNext(tx, keyring, stored, plain, options);
    if (options.ifVersion) throw otherVersion(path, 0, options.ifVersion);
    const exposure = chooseExposure(path, await defaultExposure(tx, path), options.exposure);
    const at = { id: randomUUID(), path, version: 1, exposure };
    const values = { ...at, project: projectOf(path), ...given(options) };
    const inserted = await tx.insert(secrets).values(values).onConflictDoNothing().returning({ id: secrets.id });
    if (inserted.length > 0) {
      await addVersion(tx, keyring, plain, at);
      return { path, version: 1, created: true, changed: true };
    }
    // Somebody was first, and is done now.
    const other = await lockSecret(tx, path);
    if (!other) throw new SupervisorError('conflict', `${path} was destroyed while it was stored. Store it again.`);
    return await storeNext(tx, keyring, other, plain, options);
  } finally {
    plain.fill(0);
  }
}

/** Stores a value where there is a secret, which is locked. */
export async function storeNext(tx: Orm, keyring: Keyring, stored: Stored, plain: Buffer, options: StoreOptions): Promise<StoreResult> {
  const { id, path, deletedAt } = stored;
  const exposure = stored.exposure === 'internal' ? 'use' : stored.exposure;
  if (chooseExposure(path, exposure, options.exposure) !== exposure)
    throw new SupervisorError(
      'forbidden',
      `${path} is there already, exposed as ${exposure}. Its owner changes that with supervisor secrets expose.`,
    );
  const created = deletedAt !== null;
  const before = created ? 0 : stored.version;
  const changed = !(await equalsNewest(tx, keyring, stored, plain));
  const { ifVersion } = options;
  // The same value one version later: the call was done, and its answer was lost.
  const repeated = !changed && before === (ifVersion ?? -2) + 1;
  if (ifVersion !== undefined && ifVersion !== before && !repeated) throw otherVersion(path, before, ifVersion);
  const version = changed ? stored.version + 1 : stored.version;
  if (changed) await addVersion(tx, keyring, plain, { id, path, version, exposure });
  const set = { ...given(options), ...(changed ? { expiresAt: options.expiresAt ?? null } : {}) };
  if (created || Object.keys(set).length > 0) {
    await tx
      .update(secrets)
      .set({ ...set, version, deletedAt: null, updatedAt: sql`now()` })
      .where(eq(secrets.id, id));
  }
  return { path, version, created, changed };
}

async function equalsNewest(tx: Orm, keyring: Keyring, stored: Stored, plain: Buffer): Promise<boolean> {
  let newest: Buffer;
  try {
    newest = await openVersion(tx, keyring, stored, stored.version);
  } catch (error) {
    // A damaged value is mended by storing it again.
    if (error instanceof SupervisorError && error.details['reason'] === 'tampered') return false;
    throw error;
  }
  const equal = newest.length === plain.length && timingSafeEqual(newest, plain);
  newest.fill(0);
  return equal;
}

function otherVersion(path: string, found: number, expected: number): SupervisorError {
  const message = found === 0 ? `There is no secret ${path}` : `${path} is at version ${found}`;
  return new SupervisorError('conflict', `${message}, not at ${expected}. Look at it again, then decide.`, { version: found });
}

/** What of the options is said about a secret. */
export function given(options: StoreOptions): Partial<Pick<Stored, 'description' | 'type' | 'provider' | 'expiresAt'>> {
  const { description, type, provider, expiresAt } = options;
  return Object.fromEntries(Object.entries({ description, type, provider, expiresAt }).filter(([, value]) => value !== undefined));
}

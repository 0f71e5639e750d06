import { SupervisorError } from '@supervisor/core';
import { rows, type Database, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { retired, type Keyring } from './keyring.js';
import { encryptionKeys, keyHolders } from './schema.js';

const lock = 7_385_003;
/** A service that was not heard of for this long is gone, or will find out itself that its key is retired. */
const liveSeconds = 30;

/**
 * The fingerprints of the keys that this database's secrets need. Empty for a new one; writes nothing, also before any migration.
 */
export async function requiredKeys(database: Pick<Database, 'orm'>): Promise<string[]> {
  const [table] = await rows<{ exists: boolean }>(
    database.orm,
    sql`select to_regclass('supervisor.encryption_keys') is not null as exists`,
  );
  return table?.exists ? neededKeys(database.orm) : [];
}

// The active ones, under which values may come at any time, and those that a rotation has not emptied yet.
// Through JSON: the table may be of an older version, without the column.
async function neededKeys(orm: Orm): Promise<string[]> {
  const keys = await rows<{ id: string }>(
    orm,
    sql`select k.id from supervisor.encryption_keys k
        where coalesce(to_jsonb(k) ->> 'state', 'active') = 'active'
          or (to_jsonb(k) ->> 'state' = 'draining' and exists (select from supervisor.secret_versions v where v.key_id = k.id))
        order by k.claimed_at`,
  );
  return keys.map(({ id }) => id);
}

/**
 * Makes sure that this process can read what the database holds, and that its writing key is known there: the first key
 * that comes is it; a later one comes in beside it when every running service can read it.
 * @throws SupervisorError `wrong_key`, naming the fingerprint that is needed; `conflict` naming the services that lack the key.
 */
export async function claimKey(database: Database, keyring: Keyring, holder?: string): Promise<void> {
  await alone(database.orm, async (orm) => {
    const needed = await neededKeys(orm);
    if (!needed.every((id) => keyring.has(id))) throw wrongKey(needed, keyring.writes);
    await letIn(orm, keyring.writes, holder);
    // Within the lock: whoever lets a key in sees everybody who does not have it.
    if (holder !== undefined) await announce(orm, keyring, holder);
  });
}

/** Makes a key one of this database's. @throws SupervisorError `wrong_key` for a retired one, `conflict` naming the services that lack it */
export async function introduceKey(orm: Orm, id: string, holder?: string): Promise<void> {
  await alone(orm, (tx) => letIn(tx, id, holder));
}

function alone(orm: Orm, work: (orm: Orm) => Promise<void>): Promise<void> {
  return orm.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${lock}::bigint)`);
    await work(tx);
  });
}

async function letIn(orm: Orm, id: string, holder: string | undefined): Promise<void> {
  const keys = await orm.select().from(encryptionKeys);
  const known = keys.find((key) => key.id === id);
  if (known?.state === 'retired') throw retired(id);
  if (known) return;
  const without = await holdersWithout(orm, id, holder);
  if (keys.length > 0 && without.length > 0) throw notEverywhere(id, without);
  await orm.insert(encryptionKeys).values({ id });
}

/** Writes down which keys a running service has. */
export async function announce(orm: Orm, { writes, reads }: Keyring, holder: string): Promise<void> {
  const set = { writes, reads, seenAt: sql`now()` };
  await orm
    .insert(keyHolders)
    .values({ holder, ...set })
    .onConflictDoUpdate({ target: keyHolders.holder, set });
}

/** The running services, other than `except`, that cannot read what is sealed under a key. */
export async function holdersWithout(orm: Orm, key: string, except = ''): Promise<string[]> {
  const found = await rows<{ holder: string }>(
    orm,
    sql`select holder from supervisor.key_holders
        where not (${key} = any(reads)) and holder <> ${except} and seen_at > now() - make_interval(secs => ${liveSeconds})`,
  );
  return found.map(({ holder }) => holder);
}

/** The running services, other than `except`, that seal under a key. */
export async function holdersWriting(orm: Orm, key: string, except = ''): Promise<string[]> {
  const found = await rows<{ holder: string }>(
    orm,
    sql`select holder from supervisor.key_holders
        where writes = ${key} and holder <> ${except} and seen_at > now() - make_interval(secs => ${liveSeconds})`,
  );
  return found.map(({ holder }) => holder);
}

export function notEverywhere(key: string, without: readonly string[]): SupervisorError {
  return new SupervisorError(
    'conflict',
    `The key with fingerprint ${key} cannot be written with yet: ${without.length === 1 ? 'the service' : 'the services'} of instance ${without.join(', ')} cannot read it. Give it to them as ENCRYPTION_KEY_READ, restart them, and try again.`,
    { without: [...without] },
  );
}

export function wrongKey(needed: readonly string[], given?: string): SupervisorError {
  const [have, next] =
    given === undefined
      ? ['there is no key', 'Put that key into encryption.key of the home (chmod 600), or set ENCRYPTION_KEY to it.']
      : [
          `this key has ${given}`,
          `Set ENCRYPTION_KEY to that key to use it instead; to read with it beside this one set ENCRYPTION_KEY_READ to it, or put it into encryption.key.retired-${needed[0]} of the home (chmod 600).`,
        ];
  return new SupervisorError(
    'wrong_key',
    `The secrets of this database are sealed under the key with fingerprint ${needed.join(' and ')}; ${have}. ${next} Nothing was changed.`,
    { needed, ...(given === undefined ? {} : { given }) },
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { and, asc, eq, inArray, ne, notInArray, sql } from 'drizzle-orm';
import { announce, holdersWithout, holdersWriting, introduceKey, notEverywhere } from './claim.js';
import { parseKey } from './key.js';
import type { Keyring } from './keyring.js';
import { encryptionKeys, keyHolders, secretVersions } from './schema.js';

/** One key of the database, by its fingerprint. */
export interface KeyInfo {
  id: string;
  state: 'active' | 'draining' | 'retired';
  /** This process seals with it. */
  writes: boolean;
  /** This process can open with it. */
  reads: boolean;
  /** How many versions of secrets need it. */
  versions: number;
  /** How many data keys it may have wrapped; refused at 2³¹. */
  wraps: number;
  claimedAt: string;
  retiredAt: string | null;
}

/** A running service and its keys. */
export interface KeyHolder {
  holder: string;
  writes: string;
  reads: string[];
  seenAt: string;
}

export interface Drained {
  /** Versions that this call moved to the writing key. */
  rewrapped: number;
  /** Versions whose data key cannot be opened: damaged. They keep their key. */
  damaged: number;
}

interface Progress {
  (done: number, total: number): void;
}

// Some 20 µs each: the embedded database and the service's event loop stay free for others.
const batch = 100;
const longestWaitMilliseconds = 60_000;

/** Moves the secrets of a database from key to key, while everybody goes on reading and writing. */
export class KeyRotation {
  constructor(
    private readonly keyring: Keyring,
    private readonly orm: () => Promise<Orm>,
    private readonly holder: string | undefined,
  ) {}

  /** Whether this process can open what is sealed under a key. */
  has(id: string): boolean {
    return this.keyring.has(id);
  }

  async status(): Promise<{ keys: KeyInfo[]; holders: KeyHolder[] }> {
    const orm = await this.orm();
    const keys = await orm.select().from(encryptionKeys).orderBy(asc(encryptionKeys.claimedAt));
    const used = await rows<{ id: string; count: number }>(
      orm,
      sql`select key_id as id, count(*)::int as count from supervisor.secret_versions where key_id is not null group by key_id`,
    );
    return {
      keys: keys.map((key) => ({
        ...key,
        writes: key.id === this.keyring.writes,
        reads: this.keyring.has(key.id),
        versions: used.find(({ id }) => id === key.id)?.count ?? 0,
      })),
      holders: await orm.select().from(keyHolders).orderBy(asc(keyHolders.holder)),
    };
  }

  /** Says that this process runs and which keys it has; to be repeated every few seconds. */
  async announce(): Promise<void> {
    if (this.holder !== undefined) await announce(await this.orm(), this.keyring, this.holder);
  }

  /** Says that this process ends. */
  async leave(): Promise<void> {
    if (this.holder !== undefined) await (await this.orm()).delete(keyHolders).where(eq(keyHolders.holder, this.holder));
  }

  /** Takes a key to open with. @returns its fingerprint */
  async add(text: string): Promise<string> {
    const key = parseKey(text);
    this.keyring.add(key);
    await this.announce();
    return key.fingerprint;
  }

  /**
   * Waits until every running service can read a key of this process, and lets it into the database; the process may then seal with it.
   * @throws SupervisorError `conflict` naming the services that still cannot after a minute
   */
  async introduce(id: string, signal?: AbortSignal): Promise<void> {
    const orm = await this.orm();
    for (const deadline = Date.now() + longestWaitMilliseconds; ; await sleep(500, undefined, signal ? { signal } : {})) {
      const without = await holdersWithout(orm, id, this.holder);
      if (without.length === 0) return introduceKey(orm, id, this.holder);
      if (Date.now() > deadline) throw notEverywhere(id, without);
    }
  }

  /** From now on this process seals with one of its keys, which must have been introduced. */
  async writeWith(id: string): Promise<void> {
    this.keyring.writeWith(id);
    await this.announce();
  }

  /** Rewraps every version to the writing key, in small batches. To be called again after a crash: it goes on where it ended. */
  async drain(progress: Progress = () => {}, signal?: AbortSignal): Promise<Drained> {
    const orm = await this.orm();
    const to = this.keyring.writes;
    await orm
      .update(encryptionKeys)
      .set({ state: sql`case when ${encryptionKeys.id} = ${to} then 'active' else 'draining' end` })
      .where(ne(encryptionKeys.state, 'retired'));
    const total = await this.#count(orm, to);
    const damaged = new Set<string>();
    let rewrapped = 0;
    for (;;) {
      if (signal?.aborted) break;
      await this.keyring.reserve(orm, batch);
      const moved = await orm.transaction((tx) => this.#rewrapBatch(tx, to, damaged));
      rewrapped += moved;
      progress(rewrapped, total);
      if (moved > 0) continue;
      if ((await this.#count(orm, to)) <= damaged.size) break;
      // The rest is locked by writers that are about to end.
      await sleep(20);
    }
    return { rewrapped, damaged: damaged.size };
  }

  /** Ends a rotation that a crash interrupted; undefined when there is none. */
  async resume(signal?: AbortSignal): Promise<Drained | undefined> {
    const { keys } = await this.status();
    const draining = keys.some((key) => key.state === 'draining' && key.versions > 0);
    const writing = keys.find((key) => key.writes);
    return draining && writing?.state === 'active' ? this.drain(undefined, signal) : undefined;
  }

  /**
   * Ends a key for good: nothing is sealed under it again. Repeating it changes nothing.
   * @throws SupervisorError `conflict` while something needs it, `not_found` for a key this database does not know
   */
  async retire(id: string): Promise<KeyInfo> {
    const orm = await this.orm();
    await orm.transaction(async (tx) => {
      // Writers hold a share of this row until their versions can be seen.
      const [key] = await tx.select().from(encryptionKeys).where(eq(encryptionKeys.id, id)).for('update');
      if (!key) throw new SupervisorError('not_found', `There is no key with fingerprint ${id}. supervisor keys status lists them.`);
      if (key.state === 'retired') return;
      if (id === this.keyring.writes) throw stillNeeded(id, 'this service seals with it. Rotate to another key first');
      const writing = await holdersWriting(tx, id, this.holder);
      if (writing.length > 0)
        throw stillNeeded(
          id,
          `the service of instance ${writing.join(', ')} seals with it. Set its ENCRYPTION_KEY to the new key and its ENCRYPTION_KEY_READ to this one, and restart it`,
        );
      const [row] = await rows<{ count: number }>(
        tx,
        sql`select count(*)::int as count from supervisor.secret_versions where key_id = ${id}`,
      );
      if (row!.count > 0) throw stillNeeded(id, `${row!.count} versions of secrets are sealed under it. Run supervisor keys rotate first`);
      await tx
        .update(encryptionKeys)
        .set({ state: 'retired', retiredAt: sql`now()` })
        .where(eq(encryptionKeys.id, id));
    });
    this.keyring.forget(id);
    await this.announce();
    const { keys } = await this.status();
    return keys.find((key) => key.id === id)!;
  }

  async #count(orm: Orm, except: string): Promise<number> {
    const [row] = await rows<{ count: number }>(
      orm,
      sql`select count(*)::int as count from supervisor.secret_versions where key_id <> ${except}`,
    );
    return row!.count;
  }

  async #rewrapBatch(tx: Orm, to: string, damaged: Set<string>): Promise<number> {
    const others = await tx.select({ id: encryptionKeys.id }).from(encryptionKeys).where(ne(encryptionKeys.id, to));
    const skipped = [...damaged];
    const found = await tx
      .select({ secretId: secretVersions.secretId, version: secretVersions.version, envelope: secretVersions.envelope })
      .from(secretVersions)
      .where(
        and(
          inArray(
            secretVersions.keyId,
            others.map(({ id }) => id),
          ),
          skipped.length > 0 ? notInArray(sql`${secretVersions.secretId} || '.' || ${secretVersions.version}`, skipped) : undefined,
        ),
      )
      .limit(batch)
      .for('update', { skipLocked: true });
    const moved = found.flatMap(({ envelope, ...row }) => {
      try {
        return [
          sql`(${row.secretId}::uuid, ${row.version}::integer, ${this.keyring.rewrap(envelope!, { ...row, path: `secret ${row.secretId}` })}::bytea)`,
        ];
      } catch (error) {
        if (!(error instanceof SupervisorError) || error.details['reason'] !== 'tampered') throw error;
        damaged.add(`${row.secretId}.${row.version}`);
        return [];
      }
    });
    if (moved.length > 0)
      await tx.execute(
        sql`update supervisor.secret_versions v set key_id = ${to}, envelope = d.envelope
            from (values ${sql.join(moved, sql`, `)}) d (secret_id, version, envelope)
            where v.secret_id = d.secret_id and v.version = d.version`,
      );
    return moved.length;
  }
}

function stillNeeded(id: string, why: string): SupervisorError {
  return new SupervisorError('conflict', `The key with fingerprint ${id} is still needed: ${why}.`);
}

import { randomBytes } from 'node:crypto';
import { remembered, SupervisorError } from '@supervisor/core';
import { connect, type Database, type Orm } from '@supervisor/db';
import { and, eq, ne, sql } from 'drizzle-orm';
import { claimKey } from './claim.js';
import { CurrentVersions } from './current.js';
import { checkExposure, listDefaults, setDefault, useOnly, type Exposure } from './exposure.js';
import { internalKey } from './internal-key.js';
import { checkHosts } from './http/target.js';
import { parseKey } from './key.js';
import { KeyRotation } from './key-rotation.js';
import { Keyring } from './keyring.js';
import { secretMigrations } from './migrations.js';
import { checkPath, projectOf } from './path.js';
import { countByProject, listSecrets, metadata, notFound, visible, type ListOptions, type SecretMetadata } from './queries.js';
import { secrets } from './schema.js';
import { TextRedaction, type Redacted } from './redact/text-redaction.js';
import { given, storeAll, storeNext, type MetadataOptions, type StoreOptions, type StoreResult } from './store.js';
import { destroyVersion, history, lockSecret, openVersion, reseal, wrapsOf, type Stored, type VersionInfo } from './versions.js';

/** A value with what it may be used for. */
export interface UsableSecret {
  path: string;
  value: string;
  version: number;
  exposure: Exposure;
  /** The exact hosts that a request with it may go to. */
  allowedHosts: string[];
}

export interface SecretsOptions {
  db?: Database | undefined;
  /** Keys that only open: of a rotation that has not ended, or has not begun. */
  readKeys?: readonly string[] | undefined;
  /** Names this process among those that share the database, such as its instance's id. */
  holder?: string | undefined;
}

interface Connected {
  orm: Orm;
  current: CurrentVersions;
}

/** Keeps secrets in the database, each version sealed under a data key of its own (see envelope.ts). */
export class SecretsManager {
  /** The keys of this process and of the database: status, rotation, retirement. */
  readonly keys: KeyRotation;
  readonly #keyring: Keyring;
  readonly #redaction: TextRedaction;
  readonly #database: () => Promise<Connected>;

  /**
   * @param encryptionKey 32 bytes as 64 hex digits or base64.
   * @throws SupervisorError `invalid_input` for a key of another length, of equal bytes, or a published one.
   */
  constructor(encryptionKey: string | undefined, options: SecretsOptions = {}) {
    this.#keyring = new Keyring(parseKey(encryptionKey), options.readKeys?.map(parseKey));
    const open = connect(secretMigrations, options.db);
    this.#database = remembered(async () => {
      const database = await open();
      await claimKey(database, this.#keyring, options.holder);
      return { orm: database.orm, current: new CurrentVersions(database.orm) };
    });
    this.#redaction = new TextRedaction(
      this.#keyring,
      async () => (await this.#database()).orm,
      () => this.internalKey('traces'),
    );
    this.keys = new KeyRotation(this.#keyring, async () => (await this.#database()).orm, options.holder);
  }

  /** Names the key that seals, without giving it away. */
  get keyId(): string {
    return this.#keyring.writes;
  }

  /** Makes sure that the database is sealed under keys of this process. @throws SupervisorError `wrong_key` */
  async claim(): Promise<void> {
    await this.#database();
  }

  /** Stores a value. An equal one makes no new version; fields left out keep what they were. */
  async store(path: string, value: string, options: StoreOptions = {}): Promise<StoreResult> {
    const [result] = await this.storeBulk([{ path, value, ...options }]);
    return result!;
  }

  /** Stores 32 random bytes as base64url, which nobody is shown; where there is a secret already, only over the version that `ifVersion` names. */
  async generate(path: string, options: StoreOptions = {}): Promise<StoreResult> {
    try {
      return await this.store(path, randomBytes(32).toString('base64url'), { ...options, ifVersion: options.ifVersion ?? 0 });
    } catch (error) {
      // Asked again, or somebody was first: what is there stays.
      if (options.ifVersion !== undefined || !(error instanceof SupervisorError) || typeof error.details['version'] !== 'number')
        throw error;
      return { path, version: error.details['version'], created: false, changed: false };
    }
  }

  /** Stores all values or none. */
  async storeBulk(entries: readonly ({ path: string; value: string } & StoreOptions)[]): Promise<StoreResult[]> {
    return storeAll(async () => (await this.#database()).orm, this.#keyring, entries);
  }

  /** The current value. @throws SupervisorError `not_found`, with the paths that come near; `forbidden` when it is for use only. */
  async retrieve(path: string): Promise<string> {
    const { value } = await this.retrieveVersion(path);
    return value;
  }

  /** The current value and which version it is. @throws SupervisorError as `retrieve` */
  async retrieveVersion(path: string): Promise<{ path: string; value: string; version: number }> {
    const { value, version } = await this.#release(path, 'reveal');
    return { path, value, version };
  }

  /** Values for a program or a request that needs them, whatever their exposure: never for an answer. All or none. */
  async use(paths: readonly string[]): Promise<UsableSecret[]> {
    return Promise.all(paths.map((path) => this.#release(path, 'use')));
  }

  /** Takes every value of eight bytes and more out of a text, in disguise too, and says whose they were. */
  async redact(text: string): Promise<Redacted> {
    return this.#redaction.redact(text);
  }

  /** Metadata in the order of paths, never a value. */
  async list(options: ListOptions = {}): Promise<{ secrets: SecretMetadata[]; nextCursor?: string }> {
    const { orm } = await this.#database();
    return listSecrets(orm, options);
  }

  async exists(path: string): Promise<boolean> {
    checkPath(path);
    const { orm } = await this.#database();
    const found = await orm.select({ id: secrets.id }).from(secrets).where(visible(path));
    return found.length > 0;
  }

  /** Changes what is said about a secret. @throws SupervisorError `not_found` */
  async updateMetadata(path: string, options: MetadataOptions & { expiresAt?: string | undefined }): Promise<SecretMetadata> {
    return this.#change(path, given(options));
  }

  /** Hides a secret; `restore` brings it back with all its versions. Repeating it changes nothing. */
  async delete(path: string): Promise<{ deleted: boolean }> {
    checkPath(path);
    const { orm } = await this.#database();
    const deleted = await orm
      .update(secrets)
      .set({ deletedAt: sql`now()` })
      .where(visible(path))
      .returning({ id: secrets.id });
    return { deleted: deleted.length > 0 };
  }

  /** Brings a deleted secret back. Repeating it changes nothing. @throws SupervisorError `not_found` */
  async restore(path: string): Promise<SecretMetadata> {
    checkPath(path);
    const { orm } = await this.#database();
    const chosen = and(eq(secrets.path, path), ne(secrets.exposure, 'internal'));
    const [row] = await orm.update(secrets).set({ deletedAt: null }).where(chosen).returning(metadata);
    if (!row) throw await notFound(orm, path);
    return row;
  }

  /** Removes a secret with all its versions, or the value of one version that is not the newest, for good. */
  async destroy(path: string, version?: number): Promise<{ destroyed: boolean }> {
    checkPath(path);
    const { orm } = await this.#database();
    return orm.transaction(async (tx) => {
      const stored = await lockSecret(tx, path);
      if (!stored) return { destroyed: false };
      if (version === undefined) return { destroyed: (await tx.delete(secrets).where(eq(secrets.id, stored.id)).returning()).length > 0 };
      return { destroyed: await destroyVersion(tx, stored, version) };
    });
  }

  /** All versions without their values, the newest first. @throws SupervisorError `not_found` */
  async versions(path: string): Promise<VersionInfo[]> {
    checkPath(path);
    const { orm } = await this.#database();
    const [row] = await orm.select({ id: secrets.id }).from(secrets).where(visible(path));
    if (!row) throw await notFound(orm, path);
    return history(orm, row.id);
  }

  /** Makes the value of an earlier version the newest one, as a version of its own. @throws SupervisorError `not_found` */
  async rollback(path: string, version: number): Promise<StoreResult> {
    return this.#locked(path, async (tx, stored) => {
      const plain = await openVersion(tx, this.#keyring, stored, version);
      const result = await storeNext(tx, this.#keyring, stored, plain, {});
      plain.fill(0);
      return result;
    });
  }

  /** Gives a secret another path, with all its versions. @throws SupervisorError `conflict` when the other path is taken */
  async move(path: string, to: string): Promise<SecretMetadata> {
    checkPath(to);
    return this.#locked(path, async (tx, stored, wraps) => {
      const [taken] = await tx.select({ id: secrets.id }).from(secrets).where(eq(secrets.path, to));
      if (taken && to !== path)
        throw new SupervisorError(
          'conflict',
          `There is already a secret at ${to}, perhaps a deleted one. Destroy it first, or choose another path.`,
        );
      if (to !== path) await reseal(tx, this.#keyring, stored, { path: to }, wraps);
      const [row] = await tx
        .update(secrets)
        .set({ project: projectOf(to) })
        .where(eq(secrets.id, stored.id))
        .returning(metadata);
      return row!;
    });
  }

  /** Says whether answers may contain the value. For the owner: it can loosen. @throws SupervisorError `not_found` */
  async setExposure(path: string, exposure: Exposure): Promise<SecretMetadata> {
    checkExposure(exposure);
    return this.#locked(path, async (tx, stored, wraps) => {
      if (stored.exposure !== exposure) await reseal(tx, this.#keyring, stored, { exposure }, wraps);
      const [row] = await tx.select(metadata).from(secrets).where(eq(secrets.id, stored.id));
      return row!;
    });
  }

  /** Says which exact hosts a request with the secret may go to. For the owner. @throws SupervisorError `not_found` */
  async setAllowedHosts(path: string, hosts: readonly string[]): Promise<SecretMetadata> {
    checkHosts(hosts);
    return this.#change(path, { allowedHosts: [...new Set(hosts)] });
  }

  /** How new secrets are exposed, by the start of their path; the empty one is all. */
  async exposureDefaults(): Promise<{ prefix: string; exposure: Exposure }[]> {
    const { orm } = await this.#database();
    return listDefaults(orm);
  }

  /** For the owner. @param exposure null: what a shorter prefix says counts again */
  async setExposureDefault(prefix: string, exposure: Exposure | null): Promise<void> {
    const { orm } = await this.#database();
    await setDefault(orm, prefix, exposure);
  }

  /** How many secrets each project has. */
  async countByProject(project?: string): Promise<{ project: string; count: number }[]> {
    const { orm } = await this.#database();
    return countByProject(orm, project);
  }

  /** 32 random bytes of Supervisor's own under a name, made on first use. Sealed like any secret, but no call can name or list it. */
  async internalKey(name: string): Promise<Buffer> {
    const { orm, current } = await this.#database();
    return internalKey(orm, this.#keyring, current, name);
  }

  async #release(path: string, purpose: Exposure): Promise<UsableSecret> {
    checkPath(path);
    const { orm, current } = await this.#database();
    const row = await current.at(path);
    if (!row?.envelope || row.exposure === 'internal') throw await notFound(orm, path);
    const { id, version, exposure, allowedHosts, envelope } = row;
    if (purpose === 'reveal' && exposure !== 'reveal') throw useOnly(path);
    const plain = this.#keyring.open(envelope, { secretId: id, path, version, exposure });
    return { path, value: plain.toString(), version, exposure, allowedHosts };
  }

  async #change(path: string, set: Partial<Stored>): Promise<SecretMetadata> {
    checkPath(path);
    const { orm } = await this.#database();
    const [row] = await orm
      .update(secrets)
      .set({ ...set, updatedAt: sql`now()` })
      .where(visible(path))
      .returning(metadata);
    if (!row) throw await notFound(orm, path);
    return row;
  }

  // Works on one secret that can be seen, with wraps reserved for all its versions.
  async #locked<Result>(path: string, work: (tx: Orm, stored: Stored, wraps: number) => Promise<Result>): Promise<Result> {
    checkPath(path);
    const { orm } = await this.#database();
    const wraps = await wrapsOf(orm, path);
    await this.#keyring.reserve(orm, wraps);
    return orm.transaction(async (tx) => {
      const stored = await lockSecret(tx, path);
      if (!stored || stored.deletedAt !== null) throw await notFound(tx, path);
      return work(tx, stored, wraps);
    });
  }
}

import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { nearest, SupervisorError } from '@supervisor/core';
import { connect, type Database, type Orm } from '@supervisor/db';
import { and, asc, count, eq, gt, ne, sql } from 'drizzle-orm';
import { claimKey } from './claim.js';
import { open, seal } from './envelope.js';
import { parseKey, type EncryptionKey } from './key.js';
import { secretMigrations } from './migrations.js';
import { checkPath, projectOf, valueProblem } from './path.js';
import { secrets, secretVersions } from './schema.js';

/** All that is shown of a secret besides its value. */
export interface SecretMetadata {
  path: string;
  project: string;
  description: string | null;
  /** What it is: api_key, password, certificate … */
  type: string | null;
  /** Whose it is: anthropic, stripe … */
  provider: string | null;
  version: number;
  createdAt: string;
  updatedAt: string;
}

/** Fields left out keep what they were. */
export interface MetadataOptions {
  description?: string | undefined;
  type?: string | undefined;
  provider?: string | undefined;
}

export interface StoreResult {
  path: string;
  version: number;
  /** The path was new. */
  created: boolean;
  /** The value differs from the one before, so there is a new version. */
  changed: boolean;
}

export interface ListOptions {
  project?: string | undefined;
  /** Only paths that start with this. */
  prefix?: string | undefined;
  provider?: string | undefined;
  type?: string | undefined;
  /** At most this many, 1–500; 100 when absent. */
  limit?: number | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** Keeps secrets in the database, each version sealed under a data key of its own (see envelope.ts). */
export class SecretsManager {
  readonly #key: EncryptionKey;
  readonly #open: () => Promise<Database>;
  #claimed: Promise<Database> | undefined;

  /**
   * @param encryptionKey 32 bytes as 64 hex digits or base64.
   * @throws SupervisorError `invalid_input` for a key of another length, of equal bytes, or a published one.
   */
  constructor(encryptionKey: string | undefined, options: { db?: Database } = {}) {
    this.#key = parseKey(encryptionKey);
    this.#open = connect(secretMigrations, options.db);
  }

  /** Names the key without giving it away. */
  get keyId(): string {
    return this.#key.fingerprint;
  }

  /** Makes sure that the database is sealed under this key. @throws SupervisorError `wrong_key` */
  async claim(): Promise<void> {
    await this.#database();
  }

  /** Stores a value. An equal one makes no new version; fields left out keep what they were. */
  async store(path: string, value: string, options: MetadataOptions = {}): Promise<StoreResult> {
    const [result] = await this.storeBulk([{ path, value, ...options }]);
    return result!;
  }

  /** Stores all values or none. */
  async storeBulk(entries: readonly ({ path: string; value: string } & MetadataOptions)[]): Promise<StoreResult[]> {
    for (const { path, value } of entries) {
      checkPath(path);
      const problem = valueProblem(value);
      if (problem) throw new SupervisorError('invalid_input', `The value of ${path} ${problem}.`);
    }
    const { orm } = await this.#database();
    // In one order everywhere: two bulks with the same paths wait for each other instead of deadlocking.
    const order = entries.map((_, index) => index).toSorted((a, b) => (entries[a]!.path < entries[b]!.path ? -1 : 1));
    return orm.transaction(async (tx) => {
      const results: StoreResult[] = [];
      for (const index of order) results[index] = await this.#storeOne(tx as Orm, entries[index]!);
      return results;
    });
  }

  /** The current value. @throws SupervisorError `not_found`, with the paths that come near. */
  async retrieve(path: string): Promise<string> {
    const { value } = await this.retrieveVersion(path);
    return value;
  }

  /** The current value and which version it is. */
  async retrieveVersion(path: string): Promise<{ path: string; value: string; version: number }> {
    checkPath(path);
    const { orm } = await this.#database();
    const [row] = await currentVersion(orm, path);
    if (!row || row.exposure === 'internal') throw await this.#notFound(orm, path);
    const plain = open([this.#key], row.envelope, { secretId: row.id, path, version: row.version, exposure: row.exposure });
    return { path, value: plain.toString(), version: row.version };
  }

  /** Metadata in the order of paths, never a value. */
  async list(options: ListOptions = {}): Promise<{ secrets: SecretMetadata[]; nextCursor?: string }> {
    const { orm } = await this.#database();
    const { project, prefix, provider, type, cursor, limit = 100 } = options;
    const found = await orm
      .select(metadata)
      .from(secrets)
      .where(
        and(
          ne(secrets.exposure, 'internal'),
          project === undefined ? undefined : eq(secrets.project, project),
          prefix === undefined ? undefined : sql`starts_with(${secrets.path}, ${prefix})`,
          provider === undefined ? undefined : eq(secrets.provider, provider),
          type === undefined ? undefined : eq(secrets.type, type),
          cursor === undefined ? undefined : gt(secrets.path, cursor),
        ),
      )
      .orderBy(asc(secrets.path))
      .limit(limit);
    const last = found.at(-1);
    return last && found.length === limit ? { secrets: found, nextCursor: last.path } : { secrets: found };
  }

  async exists(path: string): Promise<boolean> {
    checkPath(path);
    const { orm } = await this.#database();
    const found = await orm.select({ id: secrets.id }).from(secrets).where(visible(path));
    return found.length > 0;
  }

  /** Changes what is said about a secret. @throws SupervisorError `not_found` */
  async updateMetadata(path: string, options: MetadataOptions): Promise<SecretMetadata> {
    checkPath(path);
    const { orm } = await this.#database();
    const [row] = await orm
      .update(secrets)
      .set({ ...given(options), updatedAt: sql`now()` })
      .where(visible(path))
      .returning(metadata);
    if (!row) throw await this.#notFound(orm, path);
    return row;
  }

  /** Removes a secret with all its versions, for good. Repeating it changes nothing. */
  async delete(path: string): Promise<{ deleted: boolean }> {
    checkPath(path);
    const { orm } = await this.#database();
    const deleted = await orm.delete(secrets).where(visible(path)).returning({ id: secrets.id });
    return { deleted: deleted.length > 0 };
  }

  /** How many secrets each project has. */
  async countByProject(project?: string): Promise<{ project: string; count: number }[]> {
    const { orm } = await this.#database();
    const chosen = and(ne(secrets.exposure, 'internal'), project === undefined ? undefined : eq(secrets.project, project));
    return orm.select({ project: secrets.project, count: count() }).from(secrets).where(chosen).groupBy(secrets.project);
  }

  /** 32 random bytes of Supervisor's own under a name, made on first use. Sealed like any secret, but no call can name or list it. */
  async internalKey(name: string): Promise<Buffer> {
    const { orm } = await this.#database();
    // The underscore is not in a path's charset: no caller can write this path.
    const path = `_supervisor/${name}`;
    const id = randomUUID();
    const binding = { secretId: id, path, version: 1, exposure: 'internal' };
    const envelope = seal(this.#key, randomBytes(32), binding);
    await orm.transaction(async (tx) => {
      const values = { id, path, project: '_supervisor', exposure: 'internal' as const, version: 1 };
      const inserted = await tx.insert(secrets).values(values).onConflictDoNothing().returning({ id: secrets.id });
      if (inserted.length > 0) await tx.insert(secretVersions).values({ secretId: id, version: 1, keyId: this.keyId, envelope });
    });
    const [row] = await currentVersion(orm, path);
    return open([this.#key], row!.envelope, { ...binding, secretId: row!.id });
  }

  #database(): Promise<Database> {
    this.#claimed ??= this.#open().then(async (database) => {
      await claimKey(database, this.keyId);
      return database;
    });
    this.#claimed.catch(() => (this.#claimed = undefined));
    return this.#claimed;
  }

  async #storeOne(tx: Orm, entry: { path: string; value: string } & MetadataOptions): Promise<StoreResult> {
    const { path, value, ...options } = entry;
    const id = randomUUID();
    const values = { id, path, project: projectOf(path), ...given(options), version: 1 };
    const inserted = await tx.insert(secrets).values(values).onConflictDoNothing().returning({ id: secrets.id });
    const plain = Buffer.from(value);
    try {
      if (inserted.length > 0) {
        await this.#addVersion(tx, plain, { secretId: id, path, version: 1, exposure: 'reveal' });
        return { path, version: 1, created: true, changed: true };
      }
      await tx.select({ id: secrets.id }).from(secrets).where(eq(secrets.path, path)).for('update');
      const [current] = await currentVersion(tx, path);
      if (!current) throw new SupervisorError('conflict', `${path} was deleted while it was stored. Store it again.`);
      const changed = !this.#equals(plain, path, current);
      const version = changed ? current.version + 1 : current.version;
      const binding = { secretId: current.id, path, version, exposure: current.exposure };
      if (changed) await this.#addVersion(tx, plain, binding);
      if (changed || Object.keys(given(options)).length > 0) {
        await tx
          .update(secrets)
          .set({ ...given(options), version, updatedAt: sql`now()` })
          .where(eq(secrets.id, current.id));
      }
      return { path, version, created: false, changed };
    } finally {
      plain.fill(0);
    }
  }

  async #addVersion(tx: Orm, plain: Buffer, binding: { secretId: string; path: string; version: number; exposure: string }): Promise<void> {
    const { secretId, version } = binding;
    await tx.insert(secretVersions).values({ secretId, version, keyId: this.keyId, envelope: seal(this.#key, plain, binding) });
  }

  #equals(plain: Buffer, path: string, current: { id: string; version: number; exposure: string; envelope: Buffer }): boolean {
    let stored: Buffer;
    try {
      stored = open([this.#key], current.envelope, { secretId: current.id, path, version: current.version, exposure: current.exposure });
    } catch (error) {
      // A damaged value is mended by storing it again.
      if (error instanceof SupervisorError && error.details['reason'] === 'tampered') return false;
      throw error;
    }
    const equal = stored.length === plain.length && timingSafeEqual(stored, plain);
    stored.fill(0);
    return equal;
  }

  async #notFound(orm: Orm, path: string): Promise<SupervisorError> {
    const project = projectOf(path);
    const known = await orm
      .select({ path: secrets.path })
      .from(secrets)
      .where(and(eq(secrets.project, project), ne(secrets.exposure, 'internal')))
      .limit(1000);
    const near = nearest(
      path,
      known.map((row) => row.path),
    );
    const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ` list_secrets shows what ${project} has.`;
    return new SupervisorError('not_found', `There is no secret ${path}.${hint}`, { near });
  }
}

const metadata = {
  path: secrets.path,
  project: secrets.project,
  description: secrets.description,
  type: secrets.type,
  provider: secrets.provider,
  version: secrets.version,
  createdAt: secrets.createdAt,
  updatedAt: secrets.updatedAt,
};

function visible(path: string) {
  return and(eq(secrets.path, path), ne(secrets.exposure, 'internal'));
}

function currentVersion(orm: Orm, path: string) {
  return orm
    .select({
      id: secrets.id,
      version: secrets.version,
      exposure: secrets.exposure,
      envelope: sql<Buffer>`${secretVersions.envelope}`.mapWith(secretVersions.envelope),
    })
    .from(secrets)
    .innerJoin(secretVersions, and(eq(secretVersions.secretId, secrets.id), eq(secretVersions.version, secrets.version)))
    .where(eq(secrets.path, path));
}

function given(options: MetadataOptions): MetadataOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

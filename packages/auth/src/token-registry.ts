import { timingSafeEqual } from 'node:crypto';
import { checkProject, remembered, scopes as allScopes, SupervisorError, type Grant, type Principal, type Scope } from '@supervisor/core';
import { connect, type Database } from '@supervisor/db';
import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm';
import { authMigrations } from './migrations.js';
import { grants, tokens } from './schema.js';
import { formatToken, hashToken, newToken, parseToken, type Token } from './token.js';

export interface TokenOptions {
  /** Binds the token to one project. */
  project?: string | undefined;
  scopes?: readonly Scope[] | undefined;
  /** The secrets it may reach, each for all its scopes; left out: those of its project, else all. */
  paths?: readonly string[] | undefined;
  expiresInDays?: number | undefined;
}

/** What is shown of a token after it was made. */
export interface TokenInfo {
  id: string;
  name: string;
  project: string | null;
  scopes: Scope[];
  /** The secrets it may reach, and for what. */
  grants: Grant[];
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
}

const usualScopes: readonly Scope[] = ['read', 'use', 'write'];
// A revoked token is refused everywhere within this time; a lookup for each call would halve what a service answers.
const cacheMilliseconds = 1000;
const largestCache = 1000;

/** Tokens of services and remote agents. Only a keyed hash of each is stored. */
export class TokenRegistry {
  readonly #database: () => Promise<Database>;
  readonly #pepper: () => Promise<Buffer>;
  readonly #verified = new Map<string, { principal: Principal; until: number }>();

  /** @param options.pepper the key of the hashes, at least 32 bytes */
  constructor(options: { pepper: () => Promise<Buffer>; db?: Database }) {
    this.#database = connect(authMigrations, options.db);
    this.#pepper = remembered(options.pepper);
  }

  /** Makes a token. Its text is in this answer and nowhere else. */
  async create(name: string, options: TokenOptions = {}): Promise<TokenInfo & { token: string }> {
    const { orm } = await this.#database();
    const token = newToken();
    const days = options.expiresInDays;
    const scopes = [...(options.scopes ?? usualScopes)];
    if (options.project !== undefined) checkProject(options.project);
    if (knownScopes(scopes).length < scopes.length)
      throw new SupervisorError('invalid_input', `A token's scopes are ${allScopes.join(', ')}.`, { fields: ['scopes'] });
    const paths = options.paths ?? [options.project === undefined ? '**' : `${options.project}/**`];
    const values = {
      id: token.id,
      name,
      project: options.project,
      scopes,
      hash: hashToken(await this.#pepper(), token),
      expiresAt: days === undefined ? null : new Date(Date.now() + days * 86_400_000).toISOString(),
    };
    const granted = [...new Set(paths)].map((paths) => ({ tokenId: token.id, paths, actions: scopes }));
    const [row] = await orm.transaction(async (tx) => {
      const inserted = await tx.insert(tokens).values(values).returning();
      if (granted.length > 0) await tx.insert(grants).values(granted);
      return inserted;
    });
    return { ...info(row!, granted), token: formatToken(token) };
  }

  /** All tokens, the newest first. */
  async list(): Promise<TokenInfo[]> {
    const { orm } = await this.#database();
    const rows = await orm.select().from(tokens).orderBy(desc(tokens.createdAt));
    const granted = await orm.select().from(grants).orderBy(asc(grants.paths));
    return rows.map((row) => info(row, granted));
  }

  /** Ends a token for good. Repeating it changes nothing. @throws SupervisorError `not_found` */
  async revoke(id: string): Promise<TokenInfo> {
    const { orm } = await this.#database();
    await orm
      .update(tokens)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(tokens.id, id), isNull(tokens.revokedAt)));
    return this.#changed(id);
  }

  /**
   * Lets a token do this to the secrets at these paths; no action: nothing any more.
   * @throws SupervisorError `not_found`; `conflict` when it could not do that anyway
   */
  async grant(id: string, paths: string, actions: readonly Scope[]): Promise<TokenInfo> {
    const { orm } = await this.#database();
    await orm.transaction(async (tx) => {
      const [row] = await tx.select().from(tokens).where(eq(tokens.id, id)).for('update');
      if (row && actions.length > 0) checkGrantable(row, actions);
      await tx.delete(grants).where(and(eq(grants.tokenId, id), eq(grants.paths, paths)));
      if (row && actions.length > 0) await tx.insert(grants).values({ tokenId: id, paths, actions: [...new Set(actions)] });
    });
    return this.#changed(id);
  }

  /** Who a token stands for. @throws SupervisorError `unauthenticated` for anything but a valid one */
  async verify(text: string): Promise<Principal> {
    const known = this.#verified.get(text);
    if (known && known.until > Date.now()) return known.principal;
    this.#verified.delete(text);
    const token = parseToken(text);
    const row = token && (await this.#find(token));
    const now = Date.now();
    const expires = row?.expiresAt == null ? Infinity : Date.parse(row.expiresAt);
    if (!row || row.revokedAt !== null || expires <= now) throw refused();
    const principal: Principal = {
      id: row.id,
      kind: 'token',
      scopes: knownScopes(row.scopes),
      boundTo: row.project,
      grants: await this.#grantsOf(row.id),
    };
    if (this.#verified.size >= largestCache) this.#verified.clear();
    this.#verified.set(text, { principal, until: Math.min(now + cacheMilliseconds, expires) });
    return principal;
  }

  async #grantsOf(id: string): Promise<Grant[]> {
    const { orm } = await this.#database();
    return ofToken(id, await orm.select().from(grants).where(eq(grants.tokenId, id)));
  }

  async #changed(id: string): Promise<TokenInfo> {
    const { orm } = await this.#database();
    const [row] = await orm.select().from(tokens).where(eq(tokens.id, id));
    if (!row) throw new SupervisorError('not_found', 'There is no token with this id. supervisor tokens list shows them.');
    for (const [text, { principal }] of this.#verified) if (principal.id === id) this.#verified.delete(text);
    return { ...info(row, []), grants: await this.#grantsOf(id) };
  }

  async #find(token: Token): Promise<typeof tokens.$inferSelect | undefined> {
    const { orm } = await this.#database();
    const [row] = await orm.select().from(tokens).where(eq(tokens.id, token.id));
    return row && timingSafeEqual(row.hash, hashToken(await this.#pepper(), token)) ? row : undefined;
  }
}

// It would seem to be allowed, and be refused at every call.
function checkGrantable({ name, scopes, revokedAt }: typeof tokens.$inferSelect, actions: readonly Scope[]): void {
  const beyond = actions.filter((action) => !scopes.includes(action));
  const why =
    revokedAt !== null
      ? 'is revoked'
      : beyond.length > 0
        ? `has the scopes ${knownScopes(scopes).join(', ')}, which no grant widens to ${beyond.join(', ')}`
        : undefined;
  if (why) throw new SupervisorError('conflict', `The token ${name} ${why}. Make another one: supervisor tokens create.`);
}

function refused(): SupervisorError {
  const message = 'The token is not valid here: mistyped, expired, revoked, or of another Supervisor. supervisor tokens create makes one.';
  return new SupervisorError('unauthenticated', message);
}

type GrantRow = typeof grants.$inferSelect;

function info({ hash: _, ...row }: typeof tokens.$inferSelect, granted: GrantRow[]): TokenInfo {
  return { ...row, scopes: knownScopes(row.scopes), grants: ofToken(row.id, granted) };
}

function ofToken(id: string, granted: GrantRow[]): Grant[] {
  return granted.filter(({ tokenId }) => tokenId === id).map(({ paths, actions }) => ({ paths, actions: knownScopes(actions) }));
}

function knownScopes(stored: string[]): Scope[] {
  return allScopes.filter((scope) => stored.includes(scope));
}

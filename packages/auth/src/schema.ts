import { bytes, instant, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { bigint, index, integer, primaryKey, text, uuid } from 'drizzle-orm/pg-core';

export const tokens = supervisor.table('tokens', {
  id: text().primaryKey(),
  name: text().notNull(),
  /** The only project it may touch; null for all. */
  project: text(),
  scopes: text().array().notNull(),
  hash: bytes().notNull(),
  createdAt: instant('created_at')
    .notNull()
    .default(sql`now()`),
  expiresAt: instant('expires_at'),
  revokedAt: instant('revoked_at'),
});

/** The secret paths a token may reach, and for what. A token without rows reaches none. */
export const grants = supervisor.table(
  'grants',
  {
    tokenId: text('token_id')
      .notNull()
      .references(() => tokens.id, { onDelete: 'cascade' }),
    /** A path whose segments may hold `*`; a segment `**` stands for any number of segments. */
    paths: text().notNull(),
    actions: text().array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tokenId, table.paths] })],
);

/**
 * What happened, in rows that are only added: one before each call that changes something and one after it with its
 * outcome; one, before its answer leaves, for each reading of a secret; one for each refusal.
 */
export const auditEvents = supervisor.table(
  'audit_events',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant()
      .notNull()
      .default(sql`now()`),
    /** The same in the rows before and after one call. */
    call: uuid()
      .notNull()
      .default(sql`gen_random_uuid()`),
    principalId: text('principal_id').notNull(),
    principalKind: text('principal_kind').notNull(),
    operation: text().notNull(),
    project: text(),
    subject: text(),
    version: integer(),
    /** Keyed hash of the value that was stored or released. */
    fingerprint: text(),
    /** `ok` or an error code; null in the row before the call. */
    outcome: text(),
    /** Only in rows from before there were two for a call. */
    endedAt: instant('ended_at'),
    /** Of everything above but `id`; null in rows from before there were any. */
    mac: bytes(),
  },
  (table) => [index('audit_events_at').on(table.at), index('audit_events_call').on(table.call)],
);

/** The chain over the audit rows: each link seals the rows after the one before, made in batches afterwards. */
export const auditSeals = supervisor.table('audit_seals', {
  id: integer().primaryKey(),
  at: instant()
    .notNull()
    .default(sql`now()`),
  /** The last audit row it covers. */
  last: bigint({ mode: 'number' }).notNull(),
  count: integer().notNull(),
  mac: bytes().notNull(),
});

import { bytes, instant, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { bigint, customType, index, integer, primaryKey, text, uuid } from 'drizzle-orm/pg-core';

// Bytewise order: prefixes are found by the index, and pages have the same order on every server.
const pathColumn = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

export const secrets = supervisor.table(
  'secrets',
  {
    id: uuid().primaryKey(),
    path: pathColumn().notNull().unique(),
    project: text().notNull(),
    description: text(),
    type: text(),
    provider: text(),
    /**
     * `reveal`: a caller may have the value. `use`: it is put where it is needed, and no answer has it.
     * `internal`: Supervisor's own, never listed and never given out. Sealed into every version.
     */
    exposure: text({ enum: ['reveal', 'use', 'internal'] })
      .notNull()
      .default('reveal'),
    /** The exact hosts that a request with this secret may go to. */
    allowedHosts: text('allowed_hosts')
      .array()
      .notNull()
      .default(sql`'{}'`),
    /** The newest version; versions count from 1 without a gap. */
    version: integer().notNull(),
    /** When the value stops working elsewhere, as far as is known. */
    expiresAt: instant('expires_at'),
    /** Set: deleted, and may be restored. */
    deletedAt: instant('deleted_at'),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
    updatedAt: instant('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [index('secrets_project').on(table.project), index('secrets_expires').on(table.expiresAt)],
);

export const secretVersions = supervisor.table(
  'secret_versions',
  {
    secretId: uuid('secret_id')
      .notNull()
      .references(() => secrets.id, { onDelete: 'cascade' }),
    version: integer().notNull(),
    /** The key that wraps its data key; null once destroyed. */
    keyId: text('key_id'),
    /** Null once destroyed: the value is gone, that there was one stays. */
    envelope: bytes(),
    /** Keyed hashes of parts of the value, by which redaction finds which secrets a text may hold (redact/traces.ts); null: none were made. */
    traces: bigint({ mode: 'bigint' }).array(),
    destroyedAt: instant('destroyed_at'),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ columns: [table.secretId, table.version] }),
    index('secret_versions_key').on(table.keyId),
    // What waits to be put into it would be gone through at every lookup, and in an embedded database nothing ever puts it in.
    index('secret_versions_traces').using('gin', table.traces).with({ fastupdate: false }),
    index('secret_versions_untraced')
      .on(table.secretId)
      .where(sql`traces is null`),
  ],
);

/** How new secrets are exposed: the longest prefix of the path decides; the empty one is the whole instance. */
export const exposureDefaults = supervisor.table('exposure_defaults', {
  prefix: pathColumn().primaryKey(),
  exposure: text({ enum: ['reveal', 'use'] }).notNull(),
});

/** The keys that secrets of this database are or were sealed under, by fingerprint. */
export const encryptionKeys = supervisor.table('encryption_keys', {
  id: text().primaryKey(),
  claimedAt: instant('claimed_at')
    .notNull()
    .default(sql`now()`),
  /** `draining`: a rotation moves its versions to another key. `retired`: nothing may be sealed under it again. */
  state: text({ enum: ['active', 'draining', 'retired'] })
    .notNull()
    .default('active'),
  /** Data keys it may have wrapped: an upper bound, as processes reserve them in blocks. */
  wraps: bigint({ mode: 'number' })
    .notNull()
    .default(sql`0`),
  retiredAt: instant('retired_at'),
});

/** Which keys each running service has, so that no key is used that another one cannot read. */
export const keyHolders = supervisor.table('key_holders', {
  holder: text().primaryKey(),
  writes: text().notNull(),
  reads: text().array().notNull(),
  seenAt: instant('seen_at')
    .notNull()
    .default(sql`now()`),
});

import { bytes, instant, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { customType, index, integer, primaryKey, text, uuid } from 'drizzle-orm/pg-core';

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
    /** `reveal`: a caller may have the value. `internal`: Supervisor's own, never listed and never given out. */
    exposure: text({ enum: ['reveal', 'internal'] })
      .notNull()
      .default('reveal'),
    version: integer().notNull(),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
    updatedAt: instant('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [index('secrets_project').on(table.project)],
);

export const secretVersions = supervisor.table(
  'secret_versions',
  {
    secretId: uuid('secret_id')
      .notNull()
      .references(() => secrets.id, { onDelete: 'cascade' }),
    version: integer().notNull(),
    keyId: text('key_id').notNull(),
    envelope: bytes().notNull(),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.secretId, table.version] }), index('secret_versions_key').on(table.keyId)],
);

/** The keys that secrets of this database are sealed under, by fingerprint. */
export const encryptionKeys = supervisor.table('encryption_keys', {
  id: text().primaryKey(),
  claimedAt: instant('claimed_at')
    .notNull()
    .default(sql`now()`),
});

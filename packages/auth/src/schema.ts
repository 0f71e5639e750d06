import { bytes, instant, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { bigint, index, text } from 'drizzle-orm/pg-core';

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

/** One row for each call that changes or releases something: written before it, its outcome after. */
export const auditEvents = supervisor.table(
  'audit_events',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant()
      .notNull()
      .default(sql`now()`),
    principalId: text('principal_id').notNull(),
    principalKind: text('principal_kind').notNull(),
    operation: text().notNull(),
    project: text(),
    subject: text(),
    /** `ok` or an error code; null while it runs, and for good when the process died in between. */
    outcome: text(),
    endedAt: instant('ended_at'),
  },
  (table) => [index('audit_events_at').on(table.at)],
);

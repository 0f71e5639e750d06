import { supervisor, instant } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, primaryKey, text, unique } from 'drizzle-orm/pg-core';

export const portRanges = supervisor.table(
  'port_ranges',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    project: text().notNull().unique(),
    first: integer().notNull(),
    last: integer().notNull(),
    /** Ports inside the range that are only given by number. */
    denied: integer().array().notNull(),
    /** Where the search for this block began; the next new project's begins there too. */
    start: integer().notNull().default(3000),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [check('port_ranges_order', sql`${table.first} <= ${table.last} and ${table.first} > 0 and ${table.last} <= 65535`)],
);

export const portAllocations = supervisor.table(
  'port_allocations',
  {
    port: integer().primaryKey(),
    project: text().notNull(),
    /** A linked worktree or another copy of the project; empty for the main one. */
    instance: text().notNull().default(''),
    service: text().notNull(),
    /** Outside the project's own range. */
    pinned: boolean().notNull().default(false),
    description: text(),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
    /** The host its service runs on (see host.ts); null: one that cannot be looked at from here. */
    host: text(),
    /** Claimed, but not yet probed: nobody has been told of it. */
    pending: boolean().notNull().default(false),
    /** A lease's length, to renew it by; null: given for good. */
    leaseSeconds: integer('lease_seconds'),
    expiresAt: instant('expires_at'),
    /** When a sweep last saw something listen there. */
    lastSeenAt: instant('last_seen_at'),
    /** How many sweeps in a row saw an expired lease with nothing listening, and the last of them. */
    sweeps: integer().notNull().default(0),
    sweptAt: instant('swept_at'),
  },
  (table) => [
    index('port_allocations_expiry')
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} is not null`),
    check('port_allocations_lease', sql`(${table.leaseSeconds} is null) = (${table.expiresAt} is null)`),
    unique('port_allocations_owner').on(table.project, table.instance, table.service),
    check('port_allocations_port', sql`${table.port} between 1 and 65535`),
  ],
);

/**
 * Where git keeps a linked worktree that has ports: its folder in the repository's `.git/worktrees`, as a host sees it. A project of
 * several repositories may have a worktree of one name in each.
 */
export const portWorktrees = supervisor.table(
  'port_worktrees',
  {
    project: text().notNull(),
    instance: text().notNull(),
    host: text().notNull(),
    folder: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.project, table.instance, table.host, table.folder] })],
);

/** Ports that somebody else was found on, and until when no range gives them. */
export const portQuarantine = supervisor.table(
  'port_quarantine',
  {
    host: text().notNull(),
    port: integer().notNull(),
    until: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.port] })],
);

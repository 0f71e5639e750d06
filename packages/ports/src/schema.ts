import { supervisor, instant } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { boolean, check, integer, text, unique } from 'drizzle-orm/pg-core';

export const portRanges = supervisor.table(
  'port_ranges',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    project: text().notNull().unique(),
    first: integer().notNull(),
    last: integer().notNull(),
    /** Ports inside the range that are never handed out. */
    denied: integer().array().notNull(),
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
  },
  (table) => [
    unique('port_allocations_owner').on(table.project, table.instance, table.service),
    check('port_allocations_port', sql`${table.port} between 1 and 65535`),
  ],
);

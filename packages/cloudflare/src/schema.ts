import { instant, leaseColumns, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { boolean, doublePrecision, integer, jsonb, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Observed, RecordState } from './dns/record.js';
import type { ExposureState, Step } from './exposures/exposure.js';
import type { Rule } from './ingress/rule.js';

const createdAt = () =>
  instant('created_at')
    .notNull()
    .default(sql`now()`);

/** What a row was found to be, and what went wrong with it. */
const seen = () => ({ lastSyncAt: instant('last_sync_at'), lastError: text('last_error') });

/** Cloudflare accounts, as the owner set them. */
export const cloudflareAccounts = supervisor.table('cloudflare_accounts', {
  name: text().primaryKey(),
  accountId: text('account_id').notNull(),
  /** Where the API token is kept; its value is never here. */
  tokenPath: text('token_path').notNull(),
  baseUrl: text('base_url').notNull(),
  /** The Cloudflare Access team and applications whose visitors `access: login` lets in. */
  accessTeam: text('access_team'),
  accessAudience: text('access_audience')
    .array()
    .notNull()
    .default(sql`'{}'`),
  createdAt: createdAt(),
});

/** How many requests a credential may still make: one row that all services share. */
export const cloudflareBuckets = supervisor.table('cloudflare_buckets', {
  id: text().primaryKey(),
  /** Below zero: so many are waiting. */
  tokens: doublePrecision().notNull(),
  at: instant().notNull(),
  /** The provider said not to come back before. */
  blockedUntil: instant('blocked_until'),
});

/** DNS records of ours: what each should be, and what it was last seen to be. */
export const cloudflareDnsRecords = supervisor.table(
  'cloudflare_dns_records',
  {
    /** Stands in the record's comment: who has this row and finds it there owns the record. */
    id: text().primaryKey(),
    account: text().notNull(),
    project: text().notNull(),
    zoneId: text('zone_id').notNull(),
    zone: text().notNull(),
    /** Cloudflare's id; null until the record was made. */
    recordId: text('record_id'),
    name: text().notNull(),
    type: text().notNull(),
    /** What tells it from the other records of its name (see dns/record.ts). */
    slot: text().notNull(),
    content: text().notNull(),
    ttl: integer().notNull(),
    proxied: boolean().notNull(),
    priority: integer(),
    /** The words in its comment besides our mark. */
    note: text().notNull().default(''),
    state: text().$type<RecordState>().notNull(),
    observed: jsonb().$type<Observed>(),
    /** The exposure that made it; null: asked for by itself. */
    exposure: text(),
    createdAt: createdAt(),
    ...seen(),
    /** Is looked up, made and deleted by one at a time. */
    ...leaseColumns(),
  },
  (table) => [unique('cloudflare_dns_records_slot').on(table.zoneId, table.slot)],
);

export const cloudflareTunnels = supervisor.table(
  'cloudflare_tunnels',
  {
    id: text().primaryKey(),
    account: text().notNull(),
    name: text().notNull(),
    /** Cloudflare's id; null until the tunnel was made. */
    tunnelId: text('tunnel_id'),
    /** The one that exposures use. */
    standard: boolean().notNull().default(false),
    /** Made by others and used with them: never deleted by us. */
    shared: boolean().notNull().default(false),
    state: text().$type<'wanted' | 'live' | 'deleting'>().notNull(),
    createdAt: createdAt(),
    ...seen(),
    /** Its list of rules is read, changed and written by one at a time. */
    ...leaseColumns(),
  },
  (table) => [
    unique('cloudflare_tunnels_name').on(table.account, table.name),
    uniqueIndex('cloudflare_tunnels_standard')
      .on(table.account)
      .where(sql`${table.standard}`),
  ],
);

/** Rules of tunnels that are ours; the other rules of a tunnel belong to others. */
export const cloudflareTunnelRoutes = supervisor.table(
  'cloudflare_tunnel_routes',
  {
    id: text().primaryKey(),
    tunnel: text().notNull(),
    project: text().notNull(),
    hostname: text().notNull(),
    path: text().notNull().default(''),
    rule: jsonb().$type<Rule>().notNull(),
    state: text().$type<'wanted' | 'live' | 'deleting'>().notNull(),
    observed: jsonb().$type<Rule>(),
    exposure: text(),
    createdAt: createdAt(),
    ...seen(),
  },
  (table) => [unique('cloudflare_tunnel_routes_place').on(table.tunnel, table.hostname, table.path)],
);

/** Services that are, or are becoming, reachable from outside. */
export const cloudflareExposures = supervisor.table('cloudflare_exposures', {
  id: text().primaryKey(),
  account: text().notNull(),
  project: text().notNull(),
  instance: text().notNull().default(''),
  service: text().notNull(),
  port: integer().notNull(),
  hostname: text().notNull().unique(),
  access: text().$type<'public' | 'login'>().notNull(),
  state: text().$type<ExposureState>().notNull(),
  /** The last step that was done. */
  step: text().$type<Step>(),
  /** Has been reachable: a later failure does not take it away. */
  exposedAt: instant('exposed_at'),
  createdAt: createdAt(),
  ...seen(),
  ...leaseColumns(),
});

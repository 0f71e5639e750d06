import { instant, leaseColumns, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { boolean, check, doublePrecision, index, integer, jsonb, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { freeImageProjects } from './rules/prices.js';

const createdAt = () =>
  instant('created_at')
    .notNull()
    .default(sql`now()`);

/** A Google Cloud project that VMs may be made in, and what its owner allows there. */
export const gcloudAccounts = supervisor.table(
  'gcloud_accounts',
  {
    name: text().primaryKey(),
    /** Google's id of the project. */
    gcpProject: text('gcp_project').notNull(),
    /** Path of the secret that holds the service-account key; null: application-default credentials. */
    keyPath: text('key_path'),
    /** Other addresses than Google's; null: Google's. */
    computeUrl: text('compute_url'),
    monitoringUrl: text('monitoring_url'),
    /** Allow-lists: empty allows nothing. */
    families: text().array().notNull(),
    zones: text().array().notNull(),
    /** Also of accounts from before there was such a list. */
    imageProjects: text('image_projects').array().notNull().default(freeImageProjects),
    maxVms: integer('max_vms').notNull(),
    /** US dollars. */
    maxCostPerHour: doublePrecision('max_cost_per_hour').notNull(),
    /** The longest a VM may run before Google stops it. */
    maxRunSeconds: integer('max_run_seconds').notNull(),
    /** Machine type to US dollars per hour, where the owner knows better than the table. */
    prices: jsonb().$type<Record<string, number>>().notNull(),
    createdAt: createdAt(),
    /** When Google last accepted the credentials, and what it said when it did not. */
    verifiedAt: instant('verified_at'),
    syncedAt: instant('synced_at'),
    lastError: text('last_error'),
    /** When health was last sampled: the sweep that moves it on is the one that samples. */
    sampledAt: instant('sampled_at'),
  },
  (table) => [check('gcloud_accounts_limits', sql`${table.maxVms} >= 0 and ${table.maxCostPerHour} >= 0 and ${table.maxRunSeconds} > 0`)],
);

/** A VM as it shall be and as it was last seen. */
export const gcloudVms = supervisor.table(
  'gcloud_vms',
  {
    /** Also its owner label at Google: what carries another one, or none, is not ours. */
    id: uuid().primaryKey(),
    project: text().notNull(),
    account: text().notNull(),
    zone: text().notNull(),
    name: text().notNull(),
    /** creating, present, deleting, then deleted, failed (never came to be) or gone (deleted by somebody else). */
    state: text().notNull(),
    machineType: text('machine_type').notNull(),
    image: text().notNull(),
    diskGb: integer('disk_gb').notNull(),
    publicIp: boolean('public_ip').notNull(),
    ephemeral: boolean().notNull(),
    maxRunSeconds: integer('max_run_seconds').notNull(),
    labels: jsonb().$type<Record<string, string>>().notNull(),
    /** running or stopped; null once it shall be deleted. */
    desired: text(),
    /** US dollars, an estimate: of the larger one while it is resized. */
    costPerHour: doublePrecision('cost_per_hour').notNull(),
    /** Google's id: 64 bits, so text. */
    instanceId: text('instance_id'),
    /** Google's word for its state; null: not seen yet. */
    status: text(),
    observed: jsonb().$type<Observed>(),
    syncedAt: instant('synced_at'),
    lastError: text('last_error'),
    /** What a delete was promised to do: the hash of the token, of the state it was given for, and until when it holds. */
    confirmation: text(),
    confirmedState: text('confirmed_state'),
    confirmationExpiresAt: instant('confirmation_expires_at'),
    createdAt: createdAt(),
    endedAt: instant('ended_at'),
  },
  (table) => [
    uniqueIndex('gcloud_vms_name')
      .on(table.account, table.name)
      .where(sql`${table.endedAt} is null`),
    index('gcloud_vms_project').on(table.project, table.name),
    check('gcloud_vms_state', sql`${table.state} in ('creating', 'present', 'deleting', 'deleted', 'failed', 'gone')`),
    check('gcloud_vms_end', sql`(${table.endedAt} is not null) = (${table.state} in ('deleted', 'failed', 'gone'))`),
  ],
);

/** What Google last said of a VM. */
export interface Observed {
  machineType: string;
  deletionProtection: boolean;
  labels: Record<string, string>;
  internalIp: string | null;
  externalIp: string | null;
  disks: string[];
  lastStartedAt: string | null;
}

/** Each thing done to a VM: written before it is sent, closed when Google has said how it ended. */
export const gcloudOperations = supervisor.table(
  'gcloud_operations',
  {
    id: uuid().primaryKey(),
    vm: uuid()
      .notNull()
      .references(() => gcloudVms.id, { onDelete: 'cascade' }),
    /** create, delete, start, stop, reset, resize, label. */
    kind: text().notNull(),
    /** What of it is under way (see stepsOf); a create that failed goes through the steps of a delete. */
    step: text().notNull(),
    /** Google knows a step that is sent again by this: the same id is the same step. */
    requestId: uuid('request_id').notNull(),
    /** Google's name of the step's operation; null: not known to have been sent. */
    operation: text(),
    /** The machine type to resize to, or the labels to set. */
    wanted: jsonb().$type<Record<string, string>>(),
    /** running, done or failed. */
    status: text().notNull(),
    progress: integer().notNull().default(0),
    errorCode: text('error_code'),
    error: text(),
    /** What was done and undone of it, for the error. */
    history: text().array().notNull(),
    attempts: integer().notNull().default(0),
    ...leaseColumns(),
    createdAt: createdAt(),
    endedAt: instant('ended_at'),
  },
  (table) => [
    // One thing at a time is done to a VM.
    uniqueIndex('gcloud_operations_open')
      .on(table.vm)
      .where(sql`${table.endedAt} is null`),
    index('gcloud_operations_vm').on(table.vm, table.createdAt),
    check('gcloud_operations_status', sql`${table.status} in ('running', 'done', 'failed')`),
    check('gcloud_operations_end', sql`(${table.endedAt} is not null) = (${table.status} <> 'running')`),
  ],
);

/** What Cloud Monitoring said, kept for seven days. */
export const gcloudHealthMetrics = supervisor.table(
  'gcloud_health_metrics',
  {
    vm: uuid()
      .notNull()
      .references(() => gcloudVms.id, { onDelete: 'cascade' }),
    metric: text().notNull(),
    at: instant().notNull(),
    value: doublePrecision().notNull(),
  },
  (table) => [primaryKey({ columns: [table.vm, table.metric, table.at] }), index('gcloud_health_metrics_at').on(table.at)],
);

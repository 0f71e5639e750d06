import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, count, eq, isNull } from 'drizzle-orm';
import { checkedOrigin } from './google/client.js';
import { longestRunSeconds, shortestRunSeconds, type LimitChanges, type Limits } from './rules/limits.js';
import { freeImageProjects } from './rules/prices.js';
import { gcloudAccounts, gcloudVms } from './schema.js';
import type { AccountRow } from './saga/rows.js';

/** A Google Cloud project with credentials and limits, as callers see it. */
export interface Account {
  name: string;
  gcpProject: string;
  /** Null: application-default credentials. */
  keyPath: string | null;
  computeUrl: string | null;
  monitoringUrl: string | null;
  families: string[];
  zones: string[];
  imageProjects: string[];
  maxVms: number;
  maxCostPerHour: number;
  maxRunSeconds: number;
  prices: Record<string, number>;
  createdAt: string;
  verifiedAt: string | null;
  syncedAt: string | null;
  lastError: string | null;
}

export interface AccountSettings {
  gcpProject: string;
  /** Path of the secret with the service-account key; absent: application-default credentials. */
  keyPath?: string | undefined;
  /** Other addresses than Google's: https, or http on this machine. */
  computeUrl?: string | undefined;
  monitoringUrl?: string | undefined;
}

/** Nothing is allowed before the owner has named zones. */
const firstLimits = {
  families: ['e2'],
  zones: [],
  imageProjects: freeImageProjects,
  maxVms: 3,
  maxCostPerHour: 0.5,
  maxRunSeconds: 12 * 3600,
  prices: {},
} satisfies Limits;

/** Makes an account or changes where it leads; its limits stay. One with VMs keeps its Google project. */
export async function setAccount(orm: Orm, name: string, settings: AccountSettings): Promise<Account> {
  const { gcpProject, keyPath = null, computeUrl = null, monitoringUrl = null } = settings;
  for (const url of [computeUrl, monitoringUrl]) if (url !== null) checkedOrigin(url);
  return locked(orm, name, async (tx, known) => {
    if (known && known.gcpProject !== gcpProject && (await countVms(tx, name)) > 0)
      throw new SupervisorError('conflict', `Account ${name} has VMs in ${known.gcpProject}. Delete them first, or make another account.`);
    const values = { gcpProject, keyPath, computeUrl, monitoringUrl, verifiedAt: null, lastError: null };
    const [row] = await tx
      .insert(gcloudAccounts)
      .values({ name, ...values, ...firstLimits })
      .onConflictDoUpdate({ target: gcloudAccounts.name, set: values })
      .returning();
    return shownAccount(row!);
  });
}

/** Changes what is given, and nothing else. What exists already stays, also past a new limit. */
export async function setLimits(orm: Orm, name: string, limits: LimitChanges): Promise<Account> {
  const { maxRunSeconds } = limits;
  if (maxRunSeconds !== undefined && !(maxRunSeconds >= shortestRunSeconds && maxRunSeconds <= longestRunSeconds))
    throw new SupervisorError('invalid_input', `maxRunSeconds: Google takes ${shortestRunSeconds} to ${longestRunSeconds} (120 days).`);
  const set = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  if (Object.keys(set).length === 0) return shownAccount(await demandAccount(orm, name));
  const [row] = await orm.update(gcloudAccounts).set(set).where(eq(gcloudAccounts.name, name)).returning();
  return shownAccount(row ?? (await demandAccount(orm, name)));
}

/** Forgets an account. @throws SupervisorError `conflict` while it has VMs */
export async function removeAccount(orm: Orm, name: string): Promise<boolean> {
  return locked(orm, name, async (tx) => {
    const vms = await countVms(tx, name);
    if (vms > 0)
      throw new SupervisorError('conflict', `Account ${name} has ${vms} VMs. Delete them first: nobody would watch what they cost.`, {
        vms,
      });
    const gone = await tx.delete(gcloudAccounts).where(eq(gcloudAccounts.name, name)).returning({ name: gcloudAccounts.name });
    return gone.length > 0;
  });
}

export async function listAccounts(orm: Orm): Promise<Account[]> {
  return (await orm.select().from(gcloudAccounts).orderBy(asc(gcloudAccounts.name))).map(shownAccount);
}

/** The account of that name, or the only one. */
export async function demandAccount(orm: Orm, name: string | undefined): Promise<AccountRow> {
  const rows = await orm
    .select()
    .from(gcloudAccounts)
    .where(name === undefined ? undefined : eq(gcloudAccounts.name, name))
    .orderBy(asc(gcloudAccounts.name));
  if (rows.length === 1) return rows[0]!;
  if (rows.length > 1)
    throw new SupervisorError(
      'invalid_input',
      `There is more than one account: say which one, ${rows.map((row) => row.name).join(' or ')}.`,
      {
        fields: ['account'],
      },
    );
  throw new SupervisorError(
    'not_found',
    `There is no Google Cloud account${name === undefined ? '' : ` ${name}`}. The owner makes one: supervisor gcloud set-account.`,
  );
}

// As whoever makes a VM does: of both, the second sees what the first did.
function locked<Result>(orm: Orm, name: string, work: (tx: Orm, account: AccountRow | undefined) => Promise<Result>): Promise<Result> {
  return orm.transaction(async (tx) => {
    const [row] = await tx.select().from(gcloudAccounts).where(eq(gcloudAccounts.name, name)).for('update');
    return work(tx, row);
  });
}

async function countVms(orm: Orm, account: string): Promise<number> {
  const [row] = await orm
    .select({ vms: count() })
    .from(gcloudVms)
    .where(and(eq(gcloudVms.account, account), isNull(gcloudVms.endedAt)));
  return row!.vms;
}

export function shownAccount({ sampledAt: _, ...account }: AccountRow): Account {
  return account;
}

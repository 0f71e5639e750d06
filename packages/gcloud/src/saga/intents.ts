import { randomUUID } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import type { VmPlan } from '../rules/instance-body.js';
import { sameLabels } from '../rules/labels.js';
import { demandAllowed, demandResize, type Holding } from '../rules/limits.js';
import type { VmWish } from '../rules/plan.js';
import { gcloudAccounts, gcloudOperations, gcloudVms } from '../schema.js';
import type { AccountRow, Kind, OperationRow, VmRow } from './rows.js';
import { stepsOf } from './steps.js';

/** What was decided: the VM, and what is under way with it; undefined: nothing is to be done. */
export interface Intent {
  vm: VmRow;
  operation: OperationRow | undefined;
}

/**
 * Decides that a VM shall be made, once for its name: one caller at a time for each account, so that the limits hold.
 * @throws SupervisorError as `demandAllowed`; `already_exists` when the name is taken by another VM; `conflict` while it is being deleted
 */
export function intendCreate(orm: Orm, account: string, plan: VmPlan, wish: VmWish, now: string): Promise<Intent> {
  return orm.transaction(async (tx) => {
    const limits = await lockAccount(tx, account);
    const [existing] = await tx
      .select()
      .from(gcloudVms)
      .where(and(eq(gcloudVms.account, account), eq(gcloudVms.name, plan.name), isNull(gcloudVms.endedAt)));
    if (existing) {
      if (!isSame(existing, plan, wish)) throw taken(existing, plan);
      const operation = await openOperation(tx, existing.id);
      if (operation?.kind === 'delete') throw busy(existing, operation);
      return { vm: existing, operation };
    }
    const cost = demandAllowed(plan, limits, await holdingOf(tx, account));
    const [vm] = await tx
      .insert(gcloudVms)
      .values({ ...plan, account, state: 'creating', desired: 'running', costPerHour: cost.costPerHour, createdAt: now })
      .returning();
    return { vm: vm!, operation: await insertOperation(tx, vm!, 'create', now) };
  });
}

/**
 * Decides that something shall be done to a VM. The same again joins what is under way.
 * @param wanted what it is about, by kind: labels, the machine type, or whether a delete may take protection away
 * @throws SupervisorError `conflict` while something else is done to it; for a resize as `demandAllowed`
 */
export function intendChange(
  orm: Orm,
  target: VmRow,
  kind: Exclude<Kind, 'create'>,
  now: string,
  wanted?: Record<string, string>,
): Promise<Intent> {
  return orm.transaction(async (tx) => {
    const account = await lockAccount(tx, target.account);
    const [vm] = await tx.select().from(gcloudVms).where(eq(gcloudVms.id, target.id)).for('update');
    if (!vm || vm.endedAt !== null) throw new SupervisorError('not_found', `VM ${target.name} is no more.`);
    const open = await openOperation(tx, vm.id);
    if (open) {
      if (open.kind === kind && sameLabels(open.wanted ?? {}, wanted ?? {})) return { vm, operation: open };
      throw busy(vm, open);
    }
    const changes: Partial<VmRow> = { confirmation: null, confirmedState: null, confirmationExpiresAt: null };
    if (kind === 'delete') changes.state = 'deleting';
    if (kind === 'resize') {
      const machineType = wanted!['machineType']!;
      const cost = demandResize(vm, machineType, account, await holdingOf(tx, account.name, vm.id));
      changes.costPerHour = Math.max(vm.costPerHour, cost.costPerHour);
    }
    const [changed] = await tx.update(gcloudVms).set(changes).where(eq(gcloudVms.id, vm.id)).returning();
    return { vm: changed!, operation: await insertOperation(tx, vm, kind, now, wanted) };
  });
}

async function lockAccount(tx: Orm, name: string): Promise<AccountRow> {
  const [account] = await tx.select().from(gcloudAccounts).where(eq(gcloudAccounts.name, name)).for('update');
  if (account) return account;
  throw new SupervisorError('not_found', `There is no account ${name}. The owner makes it: supervisor gcloud set-account.`);
}

/** What may cost money: everything that has not ended, as if it ran. */
async function holdingOf(tx: Orm, account: string, without?: string): Promise<Holding> {
  const [holding] = await tx
    .select({ vms: sql<number>`count(*)::int`, costPerHour: sql<number>`coalesce(sum(${gcloudVms.costPerHour}), 0)::float8` })
    .from(gcloudVms)
    .where(and(eq(gcloudVms.account, account), isNull(gcloudVms.endedAt), without === undefined ? undefined : ne(gcloudVms.id, without)));
  return holding!;
}

export async function openOperation(orm: Orm, vm: string): Promise<OperationRow | undefined> {
  const [row] = await orm
    .select()
    .from(gcloudOperations)
    .where(and(eq(gcloudOperations.vm, vm), isNull(gcloudOperations.endedAt)));
  return row;
}

async function insertOperation(tx: Orm, vm: VmRow, kind: Kind, now: string, wanted?: Record<string, string>): Promise<OperationRow> {
  const [row] = await tx
    .insert(gcloudOperations)
    .values({
      id: randomUUID(),
      vm: vm.id,
      kind,
      step: stepsOf[kind][0]!,
      requestId: randomUUID(),
      wanted: wanted ?? null,
      status: 'running',
      history: [],
      createdAt: now,
    })
    .returning();
  return row!;
}

/** Why nothing else may begin now. */
export function busy(vm: VmRow, { id, kind }: OperationRow): SupervisorError {
  return new SupervisorError(
    'conflict',
    `VM ${vm.name} is busy: ${kind} is under way. Wait for it: supervisor gcloud wait-operation ${id}.`,
    { operation: id, kind },
  );
}

// What the owner has changed in the account since is no other wish, nor are labels that were set since.
function isSame(vm: VmRow, plan: VmPlan, wish: VmWish): boolean {
  const fields = ['project', 'machineType', 'image', 'diskGb', 'publicIp', 'ephemeral'] as const;
  const ofAccount = ['zone', 'maxRunSeconds'] as const;
  return (
    fields.every((field) => vm[field] === plan[field]) &&
    ofAccount.every((field) => wish[field] === undefined || vm[field] === plan[field]) &&
    (wish.labels === undefined || sameLabels(vm.labels, plan.labels))
  );
}

function taken(vm: VmRow, plan: VmPlan): SupervisorError {
  const whose =
    vm.project === plan.project
      ? `It is ${vm.state}, and differs from what you ask for: get_vm shows it.`
      : 'It belongs to another project.';
  return new SupervisorError('already_exists', `There is a VM ${vm.name} already. ${whose} Choose another name.`, { state: vm.state });
}

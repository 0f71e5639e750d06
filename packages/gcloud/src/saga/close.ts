import { SupervisorError } from '@supervisor/core';
import { holds, type Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';
import type { Compute } from '../google/compute.js';
import type { Transport } from '../google/client.js';
import type { Instance } from '../google/resources.js';
import { estimate } from '../rules/estimate.js';
import { withoutReserved } from '../rules/labels.js';
import { gcloudAccounts, gcloudOperations, gcloudVms, type Observed } from '../schema.js';
import { readOurs } from './ownership.js';
import type { Kind, OperationRow, VmRow } from './rows.js';

/** Another process works on the operation: what this one knows is old. */
export class LostLease extends Error {}

interface Settling {
  compute: Compute;
  transport: Transport;
  deadline: number;
}

/** Writes down how the VM is after all steps were done, together with the end of the operation. */
export async function closeFinished(orm: Orm, operation: OperationRow, vm: VmRow, settling: Settling, now: string): Promise<void> {
  const instance = await settled(vm, settling);
  const kind = operation.kind as Kind;
  if (kind === 'delete') {
    if (instance) throw new SupervisorError('provider_unavailable', `Google says that VM ${vm.name} is deleted, and still has it.`);
    return close(
      orm,
      operation,
      vm,
      { state: 'deleted', desired: null, status: null, endedAt: now, lastError: leftBehind(operation) },
      now,
    );
  }
  if (!instance)
    return closeFailed(orm, operation, vm, new SupervisorError('not_found', `VM ${vm.name} was deleted by somebody else meanwhile.`), now);
  const seen = { ...observedOf(instance, now), lastError: null };
  const changes: Record<Exclude<Kind, 'delete'>, Partial<VmRow>> = {
    create: { state: 'present', desired: 'running', instanceId: instance.id },
    start: { desired: 'running' },
    stop: { desired: 'stopped' },
    reset: {},
    resize: { machineType: instance.machineType },
    label: { labels: withoutReserved(instance.labels) },
  };
  return close(orm, operation, vm, { ...seen, ...changes[kind] }, now);
}

/**
 * Writes down why it did not work.
 * @param left a VM that was being created may be at Google all the same: its row stays
 */
export async function closeFailed(
  orm: Orm,
  operation: OperationRow,
  vm: VmRow,
  error: SupervisorError,
  now: string,
  left = false,
): Promise<void> {
  const behind = leftBehind(operation);
  const told = behind === null ? error : new SupervisorError(error.code, `${error.message} Besides: ${behind}`, error.details);
  const never: Partial<VmRow> = { state: 'failed', desired: null, endedAt: now };
  const changes = operation.kind === 'create' && !left ? never : ['create', 'delete'].includes(operation.kind) ? { state: 'present' } : {};
  return close(orm, operation, vm, { ...changes, lastError: told.message }, now, told);
}

/** What Google says of a VM, as its row keeps it. */
export function observedOf(instance: Instance, now: string): Pick<VmRow, 'status' | 'observed' | 'syncedAt'> {
  const [network] = instance.networkInterfaces;
  const observed: Observed = {
    machineType: instance.machineType,
    deletionProtection: instance.deletionProtection,
    labels: instance.labels,
    internalIp: network?.networkIP ?? null,
    externalIp: network?.accessConfigs?.[0]?.natIP ?? null,
    disks: instance.disks.flatMap(({ source }) => (source === undefined ? [] : [source])),
    lastStartedAt: instance.lastStartTimestamp === undefined ? null : new Date(instance.lastStartTimestamp).toISOString(),
  };
  return { status: instance.status, observed, syncedAt: now };
}

async function close(
  orm: Orm,
  operation: OperationRow,
  vm: VmRow,
  changes: Partial<VmRow>,
  now: string,
  error?: SupervisorError,
): Promise<void> {
  await orm.transaction(async (tx) => {
    const ended = await tx
      .update(gcloudOperations)
      .set({
        status: error ? 'failed' : 'done',
        endedAt: now,
        leaseUntil: null,
        ...(error ? { errorCode: error.code, error: error.message } : { errorCode: null, error: null, progress: 100 }),
      })
      .where(holds(gcloudOperations, operation))
      .returning({ id: gcloudOperations.id });
    if (ended.length === 0) throw new LostLease();
    const costPerHour = operation.kind === 'resize' ? await priceOf(tx, { ...vm, ...changes }) : undefined;
    await tx
      .update(gcloudVms)
      .set({ ...changes, ...(costPerHour === undefined ? {} : { costPerHour }) })
      .where(eq(gcloudVms.id, vm.id));
  });
}

async function priceOf(tx: Orm, vm: VmRow): Promise<number | undefined> {
  const [account] = await tx.select().from(gcloudAccounts).where(eq(gcloudAccounts.name, vm.account));
  return estimate(vm, account?.prices)?.costPerHour;
}

// One that a process which died began with, or Google itself, may still be on its way up or down.
async function settled(vm: VmRow, { compute, transport, deadline }: Settling): Promise<Instance | undefined> {
  for (;;) {
    const instance = await readOurs(compute, vm);
    if (!instance || !['PROVISIONING', 'STAGING', 'STOPPING'].includes(instance.status)) return instance;
    if (transport.now() >= deadline) return instance;
    await transport.sleep(1000);
  }
}

function leftBehind({ history }: OperationRow): string | null {
  return history.find((entry) => entry.startsWith('disk left behind')) ?? null;
}

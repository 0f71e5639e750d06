import { SupervisorError } from '@supervisor/core';
import type { Compute } from '../google/compute.js';
import { refusalStatus } from '../google/failure.js';
import { runningStatuses, type GoogleOperation } from '../google/resources.js';
import { instanceBody } from '../rules/instance-body.js';
import { mergeLabels, ownerLabel, sameLabels } from '../rules/labels.js';
import { isProtected, readOurs } from './ownership.js';
import type { Kind, OperationRow, VmRow } from './rows.js';

export interface StepContext {
  vm: VmRow;
  operation: OperationRow;
  compute: Compute;
  /** It was meant to be sent so long ago that Google may have forgotten its request id. */
  late: boolean;
  /** Nothing was sent before: a refusal is certain. */
  first: boolean;
}

/**
 * Sends one step under its request id, or finds that there is nothing to send. It may have been sent before by a process that died:
 * so it looks first, or Google knows the request id.
 */
type Step = (context: StepContext) => Promise<GoogleOperation | 'nothing'>;

/** The steps of each kind, in order. A create that failed goes through those of `delete` to undo itself. */
export const stepsOf: Record<Kind, readonly string[]> = {
  create: ['insert'],
  delete: ['unprotect', 'delete', 'disk'],
  start: ['start'],
  stop: ['stop'],
  reset: ['reset'],
  resize: ['resize'],
  label: ['label'],
};

export const steps: Record<string, Step> = {
  async insert({ vm, operation, compute, late, first }) {
    if (late) {
      if (await found(compute, vm)) return 'nothing';
      throw new SupervisorError('operation_timeout', `VM ${vm.name} was not made in time, and is not at Google. Create it again.`);
    }
    try {
      return await compute.insert(vm.zone, instanceBody(vm), operation.requestId);
    } catch (error) {
      const status = refusalStatus(error);
      if (status === undefined) throw error;
      const certain = first && (error as SupervisorError).details['doubtful'] !== true && status !== 409;
      // An earlier attempt may have worked, its answer lost: then the refusal is about our own VM.
      if (!certain && (await found(compute, vm))) return 'nothing';
      throw error;
    }
  },

  async unprotect({ vm, operation, compute }) {
    const instance = await readOurs(compute, vm);
    if (!instance?.deletionProtection) return 'nothing';
    // It was given after the confirmation. What a create has made it may take back.
    if (operation.kind === 'delete' && operation.wanted?.['unprotect'] !== 'yes') throw isProtected(vm.name);
    return compute.unprotect(vm.zone, vm.name, operation.requestId);
  },

  async delete({ vm, operation, compute }) {
    if (!(await readOurs(compute, vm))) return 'nothing';
    return missingIsFine(compute.delete(vm.zone, vm.name, operation.requestId));
  },

  // Google deletes the boot disk with its VM. One that it left behind would be paid for.
  async disk({ vm, operation, compute }) {
    const disk = await compute.disk(vm.zone, vm.name);
    if (!disk || disk.labels[ownerLabel] !== vm.id || disk.users.length > 0) return 'nothing';
    return missingIsFine(compute.deleteDisk(vm.zone, vm.name, operation.requestId));
  },

  async start({ vm, operation, compute, late }) {
    const { status } = await present(compute, vm);
    // Whoever asked has gone: nobody expects it to run, and to cost, from now on.
    if (late && status === 'TERMINATED')
      throw new SupervisorError('operation_timeout', `VM ${vm.name} was not started in time. Start it again if it is still wanted.`);
    return status === 'TERMINATED' ? compute.change(vm.zone, vm.name, 'start', operation.requestId) : already(vm, status, runningStatuses);
  },

  async stop({ vm, operation, compute }) {
    const { status } = await present(compute, vm);
    return runningStatuses.includes(status)
      ? compute.change(vm.zone, vm.name, 'stop', operation.requestId)
      : already(vm, status, ['TERMINATED', 'STOPPING']);
  },

  async reset({ vm, operation, compute, late }) {
    if (late)
      throw new SupervisorError('outcome_unknown', `Whether VM ${vm.name} was reset is not known. Look at it before you ask again.`);
    const { status } = await present(compute, vm);
    return status === 'RUNNING' ? compute.change(vm.zone, vm.name, 'reset', operation.requestId) : already(vm, status, []);
  },

  async resize({ vm, operation, compute }) {
    const machineType = operation.wanted!['machineType']!;
    const instance = await present(compute, vm);
    if (instance.machineType === machineType) return 'nothing';
    if (instance.status !== 'TERMINATED')
      throw new SupervisorError('conflict', `VM ${vm.name} is ${instance.status}. Stop it first, then resize it.`, {
        status: instance.status,
      });
    return compute.setMachineType(vm.zone, vm.name, machineType, operation.requestId);
  },

  async label({ vm, operation, compute }) {
    const instance = await present(compute, vm);
    const labels = mergeLabels(operation.wanted!, instance.labels);
    if (sameLabels(labels, instance.labels)) return 'nothing';
    return compute.setLabels(vm.zone, vm.name, labels, instance.labelFingerprint, operation.requestId);
  },
};

// For a create, what has the name and is not ours was there before.
async function found(compute: Compute, vm: VmRow): Promise<boolean> {
  try {
    return (await readOurs(compute, vm)) !== undefined;
  } catch (error) {
    if (refusalStatus(error) !== undefined)
      throw new SupervisorError('provider_unavailable', `Whether Google has a VM ${vm.name} cannot be seen: ${(error as Error).message}`);
    if (!(error instanceof SupervisorError) || error.code !== 'not_owned') throw error;
    throw new SupervisorError('already_exists', `Google has a VM ${vm.name} in ${vm.zone} that is not ours. Choose another name.`, {
      zone: vm.zone,
    });
  }
}

async function present(compute: Compute, vm: VmRow) {
  const instance = await readOurs(compute, vm);
  if (instance) return instance;
  throw new SupervisorError('not_found', `Google has no VM ${vm.name} in ${vm.zone} any more. supervisor gcloud sync closes its row.`);
}

function already(vm: VmRow, status: string, fine: readonly string[]): 'nothing' {
  if (fine.includes(status)) return 'nothing';
  const next = status.startsWith('SUSPEND') ? 'Somebody suspended it at Google: resume it there.' : 'Try again when that is over.';
  throw new SupervisorError('conflict', `VM ${vm.name} is ${status}. ${next}`, { status });
}

async function missingIsFine(sent: Promise<GoogleOperation>): Promise<GoogleOperation | 'nothing'> {
  try {
    return await sent;
  } catch (error) {
    if (refusalStatus(error) === 404) return 'nothing';
    throw error;
  }
}

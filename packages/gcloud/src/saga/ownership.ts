import { SupervisorError } from '@supervisor/core';
import type { Compute } from '../google/compute.js';
import type { Instance } from '../google/resources.js';
import { ownerLabel } from '../rules/labels.js';
import type { VmRow } from './rows.js';

/** Ours: it carries our row's id, and it is the very instance that we made. */
export function isOurs(vm: VmRow, instance: Instance): boolean {
  return instance.labels[ownerLabel] === vm.id && (vm.instanceId === null || vm.instanceId === instance.id);
}

/**
 * The VM as Google has it now; undefined when it has none of that name.
 * @throws SupervisorError `not_owned` when what has the name there is not ours
 */
export async function readOurs(compute: Compute, vm: VmRow): Promise<Instance | undefined> {
  const instance = await compute.instance(vm.zone, vm.name);
  if (instance && !isOurs(vm, instance)) throw notOwned(vm, instance);
  return instance;
}

export function isProtected(name: string): SupervisorError {
  return new SupervisorError('protected', `VM ${name} has deletion protection. Its owner deletes it: supervisor gcloud delete-vm.`);
}

function notOwned(vm: VmRow, instance: Instance): SupervisorError {
  const replaced = vm.instanceId !== null && vm.instanceId !== instance.id;
  const why = replaced ? 'it is another machine than the one made here' : `it lost its label ${ownerLabel}`;
  return new SupervisorError(
    'not_owned',
    `What Google has as ${vm.name} in ${vm.zone} is not ours: ${why}. Nothing was changed. supervisor gcloud sync shows both sides.`,
    { zone: vm.zone, instance: instance.id },
  );
}

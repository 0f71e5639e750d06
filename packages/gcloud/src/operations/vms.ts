import { nextCursor, operation, page, projectField, projectFilter } from '@supervisor/core';
import { z } from 'zod';
import { longestRunSeconds, shortestRunSeconds } from '../rules/limits.js';
import { account, labels, machineType, mapOf, vm, vmName, vmPath, waiting, waitSeconds, zone, type GCloudDeps } from './fields.js';

const subject = ({ name }: { name: string }) => name;

/** What all have in common that say no more than which VM. */
const pressed = { input: z.object({ ...vmPath, waitSeconds }), output: vm, subject };

export const vmOperations = [
  operation({
    name: 'list_vms',
    route: 'GET /vms',
    summary: 'List VMs and what they cost',
    access: 'read',
    toolset: 'cloud',
    input: z.object({ project: projectFilter(), account, ended: z.boolean().optional().describe('Those that are no more, too'), ...page }),
    output: z.object({ vms: z.array(vm), nextCursor }),
    handle: ({ gcloud }: GCloudDeps, input) => gcloud.listVms(input),
  }),
  operation({
    name: 'get_vm',
    route: 'GET /projects/{project}/vms/{name}',
    summary: 'Tell how a VM is',
    access: 'read',
    openWorld: true,
    input: z.object({ ...vmPath, live: z.boolean().optional().describe('Ask Google now') }),
    output: vm,
    handle: ({ gcloud }: GCloudDeps, { project, name, ...options }) => gcloud.getVm(project, name, options),
  }),
  operation({
    name: 'create_vm',
    route: 'PUT /projects/{project}/vms/{name}',
    summary: 'Make a VM within the limits of its owner',
    description: 'It costs money until it is deleted. It stops by itself after maxRunSeconds. The same again answers the one there is.',
    access: 'write',
    toolset: 'cloud',
    input: z.object({
      name: vmName,
      project: projectField(),
      account,
      zone: zone.optional(),
      machineType: machineType.optional().describe('e2-small when left out'),
      image: z
        .string()
        .max(300)
        .regex(
          /^projects\/[a-z0-9.:-]+\/global\/images\/(family\/)?[a-z0-9-]+$/,
          'must be like projects/debian-cloud/global/images/family/debian-12',
        )
        .optional()
        .meta({ description: 'Debian 12 when left out', examples: ['projects/debian-cloud/global/images/family/debian-12'] }),
      diskGb: z.int().min(10).max(2000).optional(),
      publicIp: z.boolean().optional(),
      ephemeral: z.boolean().optional().describe('May be deleted without its owner'),
      maxRunSeconds: z.int().min(shortestRunSeconds).max(longestRunSeconds).optional(),
      labels: labels.optional(),
      waitSeconds,
    }),
    output: vm.extend({ created: z.boolean().describe('False: it was there') }),
    subject,
    handle: ({ gcloud }: GCloudDeps, { project, name, labels, ...options }, context) =>
      gcloud.createVm(project, name, { ...options, ...(labels && { labels: mapOf(labels) }), ...waiting(context) }),
  }),
  operation({
    name: 'start_vm',
    route: 'POST /projects/{project}/vms/{name}/start',
    summary: 'Start a stopped VM',
    access: 'use',
    toolset: 'cloud',
    ...pressed,
    handle: ({ gcloud }: GCloudDeps, { project, name, ...options }, context) =>
      gcloud.startVm(project, name, { ...options, ...waiting(context) }),
  }),
  operation({
    name: 'stop_vm',
    route: 'POST /projects/{project}/vms/{name}/stop',
    summary: 'Shut a VM down',
    description: 'Its disk stays, and is paid for.',
    access: 'use',
    toolset: 'cloud',
    ...pressed,
    handle: ({ gcloud }: GCloudDeps, { project, name, ...options }, context) =>
      gcloud.stopVm(project, name, { ...options, ...waiting(context) }),
  }),
  operation({
    name: 'reset_vm',
    route: 'POST /projects/{project}/vms/{name}/reset',
    summary: 'Restart a VM at once, losing what is in its memory',
    access: 'write',
    repeat: 'never',
    openWorld: true,
    ...pressed,
    handle: ({ gcloud }: GCloudDeps, { project, name, ...options }, context) =>
      gcloud.resetVm(project, name, { ...options, ...waiting(context) }),
  }),
  operation({
    name: 'resize_vm',
    route: 'PUT /projects/{project}/vms/{name}/machine-type',
    summary: 'Give a stopped VM another machine type',
    access: 'write',
    openWorld: true,
    input: z.object({ ...vmPath, machineType, waitSeconds }),
    output: vm,
    subject,
    handle: ({ gcloud }: GCloudDeps, { project, name, machineType, ...options }, context) =>
      gcloud.resizeVm(project, name, machineType, { ...options, ...waiting(context) }),
  }),
  operation({
    name: 'set_vm_labels',
    route: 'PUT /projects/{project}/vms/{name}/labels',
    summary: 'Replace the labels of a VM',
    access: 'write',
    openWorld: true,
    input: z.object({ ...vmPath, labels, waitSeconds }),
    output: vm,
    subject,
    handle: ({ gcloud }: GCloudDeps, { project, name, labels, ...options }, context) =>
      gcloud.setLabels(project, name, mapOf(labels), { ...options, ...waiting(context) }),
  }),
  operation({
    name: 'delete_vm',
    route: 'DELETE /projects/{project}/vms/{name}',
    summary: 'Delete a VM, in two calls',
    description: 'The first answers confirmation_required with the effects and a word; the second brings that word.',
    access: 'destroy',
    toolset: 'cloud',
    input: z.object({ ...vmPath, confirmation: z.string().max(100).optional().describe('The word of the first call'), waitSeconds }),
    output: vm,
    subject,
    handle: ({ gcloud }: GCloudDeps, { project, name, ...options }, context) =>
      gcloud.deleteVm(project, name, { ...options, ...waiting(context), mayUnprotect: context.principal.kind === 'owner' }),
  }),
];

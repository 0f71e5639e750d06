import { instant, nextCursor, operation, page, projectFilter } from '@supervisor/core';
import { z } from 'zod';
import { account, operationId, operationShape, vmName, vmPath, waiting, waitSeconds, type GCloudDeps } from './fields.js';

const leaked = z.object({ name: z.string(), location: z.string(), ours: z.boolean().describe('Made for a VM of ours') });
const limits = z.object({ warning: z.number(), critical: z.number() });

export const careOperations = [
  operation({
    name: 'list_gcloud_operations',
    route: 'GET /gcloud/operations',
    summary: 'List what was done to VMs, the newest first',
    access: 'read',
    input: z.object({ project: projectFilter(), name: vmName.optional(), ...page }),
    output: z.object({ operations: z.array(operationShape.extend({ project: z.string(), name: z.string() })), nextCursor }),
    handle: ({ gcloud }: GCloudDeps, input) => gcloud.listOperations(input),
  }),
  operation({
    name: 'wait_gcloud_operation',
    route: 'POST /gcloud/operations/{id}/wait',
    summary: 'Wait until an operation on a VM has ended',
    access: 'use',
    openWorld: true,
    input: z.object({ id: operationId, project: projectFilter(), waitSeconds }),
    output: operationShape,
    subject: ({ id }) => id,
    handle: ({ gcloud }: GCloudDeps, { id, ...options }, context) => gcloud.waitOperation(id, { ...options, ...waiting(context) }),
  }),
  operation({
    name: 'sync_gcloud',
    route: 'POST /gcloud/sync',
    summary: 'Compare the VMs of an account with what Google has',
    description: 'Says what is gone, changed, unknown or paid for without use. Changes nothing at Google.',
    access: 'write',
    openWorld: true,
    input: z.object({ account }),
    output: z.object({
      account: z.string(),
      inSync: z.int(),
      gone: z.array(z.object({ name: z.string(), project: z.string() })).describe('Somebody deleted them: their rows are closed'),
      changed: z.array(z.object({ name: z.string(), project: z.string(), field: z.string(), ours: z.string(), theirs: z.string() })),
      unknown: z
        .array(
          z.object({ name: z.string(), zone: z.string(), status: z.string(), labelled: z.boolean().describe('Made by some Supervisor') }),
        )
        .describe('Without a row here: never touched'),
      leakedDisks: z.array(leaked),
      leakedAddresses: z.array(leaked),
      unreachable: z.array(z.string()).describe('Zones and regions that did not answer: nothing there is called gone'),
    }),
    handle: ({ gcloud }: GCloudDeps, { account }) => gcloud.sync(account),
  }),
  operation({
    name: 'sample_vm_health',
    route: 'POST /gcloud/health',
    summary: 'Read the newest figures of VMs from Cloud Monitoring',
    description: 'The service does so every five minutes.',
    access: 'write',
    openWorld: true,
    input: z.object({ account }),
    output: z.object({ vms: z.int(), samples: z.int().describe('New ones') }),
    handle: ({ gcloud }: GCloudDeps, { account }) => gcloud.sampleHealth(account),
  }),
  operation({
    name: 'get_vm_health',
    route: 'GET /projects/{project}/vms/{name}/health',
    summary: 'Show processor, network, disk and memory of a VM',
    access: 'read',
    input: z.object({ ...vmPath, hours: z.int().min(1).max(168).optional().describe('Of figures; 1 when left out') }),
    output: z.object({
      name: z.string(),
      project: z.string(),
      status: z.string().nullable(),
      readings: z.array(
        z.object({
          metric: z.string(),
          unit: z.string(),
          value: z.number().nullable().describe('The newest; null: there is none, see reason'),
          at: instant.nullable(),
          state: z.enum(['ok', 'warning', 'critical', 'absent']).nullable().describe('Null: no thresholds'),
          reason: z.string().nullable(),
          points: z.array(z.object({ at: instant, value: z.number() })),
        }),
      ),
      thresholds: z.record(z.string(), limits),
    }),
    handle: ({ gcloud }: GCloudDeps, { project, name, ...options }) => gcloud.getHealth(project, name, options),
  }),
  operation({
    name: 'prune_vm_health',
    route: 'DELETE /gcloud/health',
    summary: 'Forget figures of VMs that are older than seven days',
    description: 'The service does so by itself.',
    access: 'write',
    input: z.object({}),
    output: z.object({ pruned: z.int() }),
    handle: ({ gcloud }: GCloudDeps) => gcloud.pruneHealth(),
  }),
];

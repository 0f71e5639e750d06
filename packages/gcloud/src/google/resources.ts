import { z } from 'zod';

/** Ids have 64 bits: JSON brings them as text, and text they stay. */
const id = z.string().regex(/^\d+$/);
const labels = z.record(z.string(), z.string()).default({});

/** `e2-small` of a URL that ends with it. */
const tail = z.string().transform((url) => url.split('/').at(-1)!);

export const instanceAnswer = z.object({
  id,
  name: z.string(),
  zone: tail,
  machineType: tail,
  status: z.string(),
  labels,
  labelFingerprint: z.string().optional(),
  deletionProtection: z.boolean().default(false),
  lastStartTimestamp: z.string().optional(),
  networkInterfaces: z
    .array(z.object({ networkIP: z.string().optional(), accessConfigs: z.array(z.object({ natIP: z.string().optional() })).optional() }))
    .default([]),
  disks: z
    .array(z.object({ source: tail.optional(), boot: z.boolean().default(false), autoDelete: z.boolean().default(false) }))
    .default([]),
});
export type Instance = z.output<typeof instanceAnswer>;

export const operationAnswer = z.object({
  name: z.string(),
  status: z.enum(['PENDING', 'RUNNING', 'DONE']),
  progress: z.number().default(0),
  operationType: z.string().optional(),
  httpErrorStatusCode: z.number().optional(),
  httpErrorMessage: z.string().optional(),
  error: z.object({ errors: z.array(z.object({ code: z.string().default(''), message: z.string().default('') })).default([]) }).optional(),
});
export type GoogleOperation = z.output<typeof operationAnswer>;

export const diskAnswer = z.object({
  id,
  name: z.string(),
  zone: tail.optional(),
  sizeGb: z.string(),
  status: z.string().optional(),
  labels,
  users: z.array(z.string()).default([]),
});
export type Disk = z.output<typeof diskAnswer>;

export const addressAnswer = z.object({
  id,
  name: z.string(),
  address: z.string(),
  status: z.string(),
  labels,
  users: z.array(z.string()).default([]),
});
export type Address = z.output<typeof addressAnswer>;

/** The statuses of an instance that runs, or soon will. */
export const runningStatuses: readonly string[] = ['RUNNING', 'PROVISIONING', 'STAGING'];

export const zoneAnswer = z.object({ name: z.string(), region: tail, status: z.string() });
export const machineTypeAnswer = z.object({
  name: z.string(),
  guestCpus: z.number(),
  memoryMb: z.number(),
  deprecated: z.object({ state: z.string().optional() }).optional(),
});
export const projectAnswer = z.object({ name: z.string() });

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item).default([]), nextPageToken: z.string().optional() });

/** Instances by zone. A zone that did not answer has a warning instead. */
export const aggregatedInstances = z.object({
  items: z
    .record(
      z.string(),
      z.object({ instances: z.array(instanceAnswer).default([]), warning: z.object({ code: z.string().optional() }).optional() }),
    )
    .default({}),
  nextPageToken: z.string().optional(),
  unreachables: z.array(z.string()).default([]),
});

/** What a mutation sends for a new VM. */
export interface InstanceBody {
  name: string;
  machineType: string;
  labels: Record<string, string>;
  deletionProtection: boolean;
  disks: object[];
  networkInterfaces: object[];
  scheduling: object;
  shieldedInstanceConfig: object;
  metadata: object;
}

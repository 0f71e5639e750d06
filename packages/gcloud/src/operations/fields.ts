import { instant, nameField, projectField, type Context } from '@supervisor/core';
import { z } from 'zod';
import type { GCloudManager } from '../gcloud-manager.js';
import { vmNamePattern } from '../rules/plan.js';

export interface GCloudDeps {
  gcloud: GCloudManager;
}

const word = (pattern: RegExp, what: string, examples: string[]) => z.string().max(100).regex(pattern, what).meta({ examples });

export const accountName = nameField('Of the account', 63).meta({ examples: ['main'] });
export const account = nameField('When there is more than one', 63).optional();
export const vmName = word(vmNamePattern, 'must be lower-case letters, digits and dashes', ['build-1']);
export const zone = word(/^[a-z]+-[a-z]+\d+-[a-z]$/, 'must be a zone such as europe-west4-a', ['europe-west4-a']);
export const machineType = word(/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/, 'must be a machine type such as e2-small', ['e2-small']);
export const operationId = word(/^[\w-]{1,36}$/, 'must be the id that a call answered with', ['00000000-0000-4000-8000-000000000000']);
export const waitSeconds = z.int().min(0).max(600).optional().describe('Then it goes on without you; 300 when left out');
/** Rules for keys and values are in the manager, with a message for each. */
export const labels = z
  .array(
    z
      .string()
      .max(127)
      .regex(/^[^=]+=[^=]*$/, 'must be like key=value')
      .meta({ examples: ['team=web'] }),
  )
  .max(60);
export const vmPath = { name: vmName, project: projectField(), account };

export const operationShape = z.object({
  id: z.string(),
  kind: z.string(),
  step: z.string(),
  status: z.string(),
  operation: z.string().nullable().describe("Google's name of it; null: not sent yet"),
  progress: z.number(),
  errorCode: z.string().nullable(),
  error: z.string().nullable(),
  createdAt: instant,
  endedAt: instant.nullable(),
});

export const vm = z.object({
  name: z.string(),
  project: z.string(),
  account: z.string(),
  zone: z.string(),
  state: z.string().describe('creating, present, deleting, deleted, failed or gone'),
  desired: z.string().nullable(),
  status: z.string().nullable().describe("Google's word, as last seen; null: not seen"),
  machineType: z.string(),
  image: z.string(),
  diskGb: z.int(),
  ephemeral: z.boolean(),
  maxRunSeconds: z.int().describe('Google stops it then'),
  stopsAt: instant.nullable().describe('When that is; past: it was to, see syncedAt for how old status is. Null: it does not run'),
  labels: z.record(z.string(), z.string()),
  internalIp: z.string().nullable(),
  externalIp: z.string().nullable(),
  costPerHour: z.number().describe('US dollars while it runs, an estimate'),
  instanceId: z.string().nullable(),
  createdAt: instant,
  endedAt: instant.nullable(),
  syncedAt: instant.nullable(),
  lastError: z.string().nullable(),
  operation: operationShape.nullable().describe('Under way now'),
});

/** What of the context a call that waits needs. */
export const waiting = ({ signal, progress }: Context) => ({ signal, progress });

/** `key=value` of each, as a map; of a key that comes twice, the last. */
export function mapOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
}

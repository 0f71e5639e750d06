import { instant, operation, textField } from '@supervisor/core';
import { z } from 'zod';
import { longestRunSeconds, shortestRunSeconds } from '../rules/limits.js';
import { priceTable } from '../rules/prices.js';
import { account, accountName, mapOf, zone, type GCloudDeps } from './fields.js';

const url = textField('Another address than Google’s', 300).optional();
const money = z.number().min(0).max(100_000);
const shown = z.object({
  name: z.string(),
  gcpProject: z.string(),
  keyPath: z.string().nullable().describe('Null: application-default credentials'),
  computeUrl: z.string().nullable(),
  monitoringUrl: z.string().nullable(),
  families: z.array(z.string()),
  imageProjects: z.array(z.string()),
  zones: z.array(z.string()),
  maxVms: z.int(),
  maxCostPerHour: z.number(),
  maxRunSeconds: z.int(),
  prices: z.record(z.string(), z.number()),
  createdAt: instant,
  verifiedAt: instant.nullable(),
  syncedAt: instant.nullable(),
  lastError: z.string().nullable(),
});

const pricesOf = (texts: Record<string, string>) => Object.fromEntries(Object.entries(texts).map(([type, text]) => [type, Number(text)]));

export const accountOperations = [
  operation({
    name: 'set_gcloud_account',
    summary: 'Name a Google Cloud project and its credentials',
    description: 'Nothing can be made in it before set_gcloud_limits names zones.',
    access: 'owner',
    input: z.object({
      name: accountName,
      gcpProject: z
        .string()
        .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'must be the id of a Google Cloud project')
        .meta({ description: "Google's project id", examples: ['my-project-1234'] }),
      keyPath: textField('', 500)
        .optional()
        .meta({
          description: 'Secret with the service-account key; absent: application-default credentials',
          examples: ['meta/gcloud/key'],
        }),
      computeUrl: url,
      monitoringUrl: url,
    }),
    output: shown,
    subject: ({ name }) => name,
    handle: ({ gcloud }: GCloudDeps, { name, ...settings }) => gcloud.setAccount(name, settings),
  }),
  operation({
    name: 'set_gcloud_limits',
    summary: 'Say what may be made in a Google Cloud account',
    description: 'Changes what is given. VMs that exist stay.',
    access: 'owner',
    input: z.object({
      name: accountName,
      families: z
        .array(z.string().regex(/^[a-z][a-z0-9]{0,9}$/))
        .max(50)
        .optional()
        .describe('Machine families, such as e2'),
      zones: z.array(zone).max(200).optional().describe('The first is taken where none is named'),
      imageProjects: z
        .array(z.string().regex(/^[a-z0-9.:-]{1,100}$/))
        .max(50)
        .optional()
        .describe('Google projects of images. What a licence costs is in no estimate'),
      maxVms: z.int().min(0).max(1000).optional(),
      maxCostPerHour: money.optional().describe('US dollars, all VMs as if they ran, estimated'),
      maxRunSeconds: z.int().min(shortestRunSeconds).max(longestRunSeconds).optional().describe('A VM stops by itself then'),
      prices: z
        .array(
          z
            .string()
            .max(100)
            .regex(/^[a-z0-9-]+=\d{1,6}(\.\d{1,6})?$/, 'must be like e2-standard-32=1.08')
            .meta({ examples: ['e2-standard-32=1.08'] }),
        )
        .max(100)
        .optional()
        .describe('Machine type and US dollars an hour, where the table has none'),
    }),
    output: shown,
    subject: ({ name }) => name,
    handle: ({ gcloud }: GCloudDeps, { name, prices, ...limits }) =>
      gcloud.setLimits(name, { ...limits, prices: prices && pricesOf(mapOf(prices)) }),
  }),
  operation({
    name: 'remove_gcloud_account',
    summary: 'Forget a Google Cloud account that has no VMs',
    access: 'owner',
    input: z.object({ name: accountName }),
    output: z.object({ removed: z.boolean() }),
    subject: ({ name }) => name,
    handle: ({ gcloud }: GCloudDeps, { name }) => gcloud.removeAccount(name),
  }),
  operation({
    name: 'list_gcloud_accounts',
    route: 'GET /gcloud/accounts',
    summary: 'List Google Cloud accounts and what each allows',
    access: 'read',
    input: z.object({}),
    output: z.object({
      accounts: z.array(shown),
      prices: z
        .object({ asOf: z.string(), source: z.string(), machineTypes: z.record(z.string(), z.number()) })
        .describe('For estimates, us-central1'),
    }),
    handle: async ({ gcloud }: GCloudDeps) => ({ accounts: await gcloud.listAccounts(), prices: priceTable }),
  }),
  operation({
    name: 'verify_gcloud_account',
    route: 'POST /gcloud/verify',
    summary: 'Ask Google whether it accepts the credentials of an account',
    access: 'use',
    openWorld: true,
    input: z.object({ account }),
    output: z.object({
      account: shown,
      identity: z.string().nullable().describe('Whose the credentials are; null: they do not say'),
      monitoring: z.string().describe('ok, or why there will be no figures'),
    }),
    handle: ({ gcloud }: GCloudDeps, { account }) => gcloud.verifyCredentials(account),
  }),
  operation({
    name: 'list_gcloud_zones',
    route: 'GET /gcloud/zones',
    summary: 'List the zones of Google Cloud and which are allowed',
    access: 'read',
    openWorld: true,
    input: z.object({ account }),
    output: z.object({ zones: z.array(z.object({ name: z.string(), region: z.string(), status: z.string(), allowed: z.boolean() })) }),
    handle: async ({ gcloud }: GCloudDeps, { account }) => ({ zones: await gcloud.listZones(account) }),
  }),
  operation({
    name: 'list_machine_types',
    route: 'GET /gcloud/zones/{zone}/machine-types',
    summary: 'List the machine types of a zone and what they cost',
    access: 'read',
    openWorld: true,
    input: z.object({ zone, account }),
    output: z.object({
      machineTypes: z.array(
        z.object({
          name: z.string(),
          cpus: z.number(),
          memoryMb: z.number(),
          costPerHour: z.number().nullable().describe('US dollars, estimated; null: not known, so it cannot be made'),
        }),
      ),
    }),
    handle: async ({ gcloud }: GCloudDeps, { zone, account }) => ({ machineTypes: await gcloud.listMachineTypes(zone, account) }),
  }),
];

import { instant, nextCursor, operation, page, projectField, projectFilter, textField } from '@supervisor/core';
import { z } from 'zod';
import type { RecordRow } from '../dns/listing.js';
import { recordTypes } from '../dns/record.js';
import { name, problem, type, zone, type CloudflareDeps } from './fields.js';

const record = z.object({
  name: z.string(),
  type: z.string(),
  content: z.string(),
  ttl: z.int().describe('Seconds; 1: automatic'),
  proxied: z.boolean(),
  priority: z.int().nullable(),
  note: z.string(),
  project: z.string(),
  zone: z.string(),
  state: z.enum(['wanted', 'live', 'deleting']).describe('live: was last seen as it should be'),
  exposed: z.boolean().describe('Part of an exposed service'),
  lastSyncAt: instant.nullable(),
  problem,
});

const show = ({ lastError, exposure, ...row }: RecordRow): z.input<typeof record> => ({
  ...row,
  exposed: exposure !== null,
  problem: lastError,
});

const content = textField('Only the record with this content', 2048).optional();
const choice = { name, type: type.optional(), content, project: projectField() };

export const recordOperations = [
  operation({
    name: 'list_dns_records',
    route: 'GET /dns-records',
    summary: 'List the DNS records that are ours',
    access: 'read',
    toolset: 'cloud',
    input: z.object({ project: projectFilter(), zone, name: name.optional(), type: type.optional(), ...page }),
    output: z.object({ records: z.array(record), nextCursor }),
    handle: async ({ cloudflare }: CloudflareDeps, { limit, cursor, ...filter }) => {
      const { rows, ...rest } = await cloudflare.listRecords(filter, { limit, cursor });
      return { records: rows.map(show), ...rest };
    },
  }),
  operation({
    name: 'look_up_dns_records',
    route: 'GET /dns-records/{name}',
    summary: 'Show what is in the zone at a name, ours or not',
    access: 'read',
    openWorld: true,
    input: z.object({ name }),
    output: z.object({
      records: z.array(
        z.object({
          type: z.string(),
          content: z.string(),
          ttl: z.number(),
          proxied: z.boolean(),
          project: z.string().nullable().describe('Whose it is; null: not ours'),
        }),
      ),
    }),
    handle: async ({ cloudflare }: CloudflareDeps, { name }) => ({
      records: (await cloudflare.lookUpRecords(name)).map(({ record, owner }) => ({
        type: record.type,
        content: record.content ?? '',
        ttl: record.ttl ?? 1,
        proxied: record.proxied ?? false,
        project: owner,
      })),
    }),
  }),
  operation({
    name: 'upsert_dns_record',
    route: 'PUT /dns-records/{name}',
    summary: 'Make a DNS record, or make ours as it should be',
    description: 'What others made is never touched. One A, AAAA and CNAME for each name; of TXT, MX and NS one for each content.',
    access: 'write',
    toolset: 'cloud',
    input: z.object({
      name,
      type: z.enum(recordTypes),
      content: textField('Address, name or text', 2048)
        .min(1)
        .meta({ examples: ['192.0.2.10'] }),
      proxied: z.boolean().optional().describe('Through Cloudflare; false when left out'),
      ttl: z
        .union([z.literal(1), z.int().min(30).max(86_400)])
        .optional()
        .describe('Seconds; 1, automatic, when left out'),
      priority: z.int().min(0).max(65_535).optional().describe('Of MX'),
      note: textField('Kept in its comment', 50).optional(),
      project: projectField(),
    }),
    output: record.extend({ changed: z.boolean().describe('False: it was so already') }),
    subject: ({ name, type }) => `${type} ${name}`,
    handle: async ({ cloudflare }: CloudflareDeps, { project, ...wish }) => {
      const { row, changed } = await cloudflare.upsertRecord(project, wish);
      return { ...show(row), changed };
    },
  }),
  operation({
    name: 'delete_dns_record',
    route: 'DELETE /dns-records/{name}',
    summary: 'Delete a DNS record of ours',
    description: 'More than one at a time is for the owner.',
    access: 'destroy',
    toolset: 'cloud',
    input: z.object(choice),
    output: z.object({ deleted: z.array(record) }),
    subject: ({ name, type = '' }) => `${type} ${name}`.trim(),
    handle: async ({ cloudflare }: CloudflareDeps, { project, ...choice }, { principal }) => ({
      deleted: (await cloudflare.deleteRecord(project, choice, principal.kind === 'owner')).map(show),
    }),
  }),
  operation({
    name: 'sync_dns_records',
    route: 'POST /dns-records/sync',
    summary: 'Compare our DNS records with what is there',
    description: 'Says what has drifted, is missing or has become foreign. Nothing is written without mend, and nothing is ever deleted.',
    access: 'write',
    openWorld: true,
    input: z.object({ project: projectFilter(), zone, mend: z.boolean().optional().describe('Make ours as they should be') }),
    output: z.object({
      zones: z.array(z.object({ zone: z.string(), records: z.int(), ours: z.int(), inSync: z.int(), problem })),
      differing: z.array(
        z.object({
          name: z.string(),
          type: z.string(),
          project: z.string(),
          state: z.enum(['in_sync', 'drifted', 'missing', 'foreign']),
          drift: z.array(z.string()).describe('Fields that differ'),
          mended: z.boolean(),
          problem,
        }),
      ),
    }),
    handle: ({ cloudflare }: CloudflareDeps, { mend = false, ...input }) => cloudflare.syncRecords({ ...input, mend }),
  }),
  operation({
    name: 'adopt_dns_record',
    summary: 'Take over a DNS record that others made',
    access: 'owner',
    openWorld: true,
    input: z.object(choice),
    output: record,
    subject: ({ name, type = '' }) => `${type} ${name}`.trim(),
    handle: async ({ cloudflare }: CloudflareDeps, { project, ...choice }) => show(await cloudflare.adoptRecord(project, choice)),
  }),
  operation({
    name: 'release_dns_record',
    route: 'POST /dns-records/{name}/release',
    summary: 'Let go of a DNS record of ours, which stays as it is',
    access: 'destroy',
    openWorld: true,
    input: z.object(choice),
    output: record,
    subject: ({ name, type = '' }) => `${type} ${name}`.trim(),
    handle: async ({ cloudflare }: CloudflareDeps, { project, ...choice }) => show(await cloudflare.releaseRecord(project, choice)),
  }),
];

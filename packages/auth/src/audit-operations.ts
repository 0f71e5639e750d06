import { instant, nextCursor, operation, page, projectFilter, textField } from '@supervisor/core';
import { z } from 'zod';
import { pruneOperation } from './audit-prune.js';
import type { AuditTrail } from './audit-trail.js';

export interface AuditDeps {
  trail: AuditTrail;
}

const event = z.object({
  id: z.int(),
  at: instant,
  principal: z.string(),
  name: z.string().nullable().describe('Of the token, where it is one'),
  operation: z.string(),
  project: z.string().nullable(),
  subject: z.string().nullable(),
  version: z.int().nullable(),
  fingerprint: z.string().nullable().describe('The same for the same value, and nothing else of it'),
  outcome: z.string().nullable().describe('Absent: it runs, or its process died'),
});

// For the socket only: who did what is told to those on this machine.
export const auditOperations = [
  operation({
    name: 'list_audit',
    command: 'audit',
    summary: 'Show who changed, took or was refused what, the newest first',
    access: 'read',
    input: z.object({
      project: projectFilter(),
      subject: textField('Only paths and names that start with this', 200).optional(),
      principal: textField('Only owner, agent, or the token with this id', 100).optional(),
      outcome: textField('Only ok, or an error code such as forbidden', 50).optional(),
      since: instant.optional(),
      limit: page.limit,
      cursor: z
        .string()
        .regex(/^[0-9]{1,15}$/, "must be the last answer's nextCursor")
        .optional(),
    }),
    output: z.object({ events: z.array(event), nextCursor }),
    handle: ({ trail }: AuditDeps, input) => trail.list(input),
  }),
  operation({
    name: 'verify_audit',
    command: 'audit verify',
    summary: 'Check that no row of the audit trail was changed or removed',
    access: 'read',
    input: z.object({ head: textField('The head of an earlier check, which must still be part of the chain', 100).optional() }),
    output: z.object({ ok: z.boolean(), rows: z.int(), seals: z.int(), head: z.string(), problems: z.array(z.string()) }),
    handle: ({ trail }: AuditDeps, { head }, context) => trail.verify(head, context),
  }),
  operation({
    name: pruneOperation,
    command: 'audit prune',
    summary: 'Remove what the audit trail has from before a time, for good',
    description: 'Backups from before still have it.',
    access: 'owner',
    input: z.object({
      before: instant.meta({ description: 'At least 30 days ago', examples: ['2026-01-01T00:00:00Z'] }),
      despite: z.boolean().optional().describe('Also when the check finds something wrong, of which nothing tells any more then'),
    }),
    output: z.object({
      removed: z.int().describe('Rows'),
      since: instant.nullable().describe('No row that is left is older; absent: nothing was ever removed'),
    }),
    subject: ({ before }) => before,
    handle: ({ trail }: AuditDeps, { before, despite }, context) => trail.prune(before, context, { despite }),
  }),
];

import { instant, nextCursor, operation, page, projectFilter, textField } from '@supervisor/core';
import { z } from 'zod';
import { callerOf, learnedKind, source, tag, task, text, visibility, type KnowledgeDeps } from './fields.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const slugs = z.array(z.string().max(63)).max(1000);
const line = z.object({
  project: z.string().max(63),
  visibility,
  kind: learnedKind,
  title: textField('What it is called', 500),
  text,
  format: z.enum(['markdown', 'plain']),
  hash,
  tags: z.array(tag).max(100),
  task: task.nullable(),
  source: source.nullable(),
  supersedes: z.array(hash).describe('The hashes of what it replaces'),
  supersededBy: hash.nullable().default(null).describe('The hash of what replaces it'),
  helped: slugs,
  misled: slugs,
  expiresAt: instant.nullable(),
  createdAt: instant,
});

export const transferOperations = [
  operation({
    name: 'export_knowledge',
    route: 'GET /knowledge-export',
    summary: 'Give what was learned as lines of JSONL, a page at a time',
    description: 'Ingested documents stay out: their files are the original.',
    access: 'read',
    input: z.object({ project: projectFilter(), ...page }),
    output: z.object({ entries: z.array(line), nextCursor }),
    handle: ({ knowledge }: KnowledgeDeps, filter, context) => knowledge.export(filter, callerOf(context)),
  }),
  operation({
    name: 'import_knowledge',
    route: 'POST /knowledge-import',
    summary: 'Store exported lines; what is there is left as it is',
    access: 'write',
    input: z.object({ entries: z.array(line).max(500) }),
    output: z.object({ added: z.int(), unchanged: z.int(), redactions: z.int() }),
    projects: ({ entries }) => [...new Set(entries.map(({ project }) => project))],
    handle: ({ knowledge }: KnowledgeDeps, { entries }) => knowledge.import(entries),
  }),
];

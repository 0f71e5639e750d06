import { instant, nextCursor, operation, page, projectFilter, slug, textField } from '@supervisor/core';
import { z } from 'zod';
import { callerOf, learnedKind, visibility, type KnowledgeDeps } from './fields.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
// Wider than what may be learned: what stands for a secret is longer than some secrets, and older rows hold what may no more be given.
const line = z.object({
  project: z.string(),
  visibility,
  kind: learnedKind,
  title: textField('What it is called', 10_000),
  text: textField('The lesson', 1_000_000).min(1),
  format: z.enum(['markdown', 'plain']),
  hash,
  tags: z.array(textField('Word', 1000)).max(100),
  task: textField('Task id', 1000).nullable(),
  source: textField('File, URL …', 10_000).nullable(),
  supersedes: z.array(hash).describe('The hashes of what it replaces'),
  supersededBy: hash.nullable().default(null).describe('The hash of what replaces it'),
  helped: z.array(z.string()),
  misled: z.array(z.string()),
  expiresAt: instant.nullable(),
  createdAt: instant,
});
const slugs = z.array(slug).max(1000);
const given = line.extend({ project: slug, helped: slugs, misled: slugs });

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
    input: z.object({ entries: z.array(given).max(500) }),
    output: z.object({ added: z.int(), unchanged: z.int(), redactions: z.int() }),
    projects: ({ entries }) => [...new Set(entries.map(({ project }) => project))],
    handle: ({ knowledge }: KnowledgeDeps, { entries }) => knowledge.import(entries),
  }),
];

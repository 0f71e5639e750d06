import { instant, nextCursor, operation, page, projectField, projectFilter, slug, textField } from '@supervisor/core';
import { z } from 'zod';
import { languages } from '../text/stem.js';
import { callerOf, entry, id, kind, learnedKind, source, tag, task, text, ttlDays, visibility, type KnowledgeDeps } from './fields.js';

const fullEntry = entry.extend({ text: z.string() });
const similar = z.object({ id: z.int(), similarity: z.number(), text: z.string(), supersededBy: z.int().nullable() });
const hit = z.object({
  id: z.int(),
  project: z.string(),
  kind,
  title: z.string(),
  text: z.string(),
  source: z.string().nullable(),
  heading: z.string(),
  startLine: z.int(),
  endLine: z.int(),
  updatedAt: instant,
  supersededBy: z.int().nullable(),
  score: z.number(),
  score_parts: z.object({
    bm25: z.number(),
    cosine: z.number().optional(),
    weight: z.number().optional(),
    recency: z.number(),
    usefulness: z.number(),
    superseded: z.boolean(),
  }),
});
const mode = z.enum(['lexical', 'hybrid']);
// A slug that does not exist finds nothing; one that is not the caller's is refused before.
const projects = z.array(slug).max(100);

export const entryOperations = [
  operation({
    name: 'learn',
    route: 'POST /projects/{project}/knowledge',
    summary: 'Keep what was learned, for this project or all',
    description: 'Call after a surprise, a decision or an incident.',
    access: 'write',
    toolset: 'default',
    input: z.object({
      text,
      project: projectField('meta'),
      kind: learnedKind.default('learning'),
      visibility: visibility.default('project'),
      task: task.optional(),
      tags: z.array(tag).max(20).optional(),
      source: source.optional(),
      supersedes: id.optional(),
      ttlDays: ttlDays.optional(),
    }),
    output: z.object({
      id: z.int(),
      created: z.boolean(),
      duplicateOf: z.int().nullable(),
      redactions: z.array(z.string()),
      similar: z.array(similar),
    }),
    handle: ({ knowledge }: KnowledgeDeps, { project, text, ...options }, context) =>
      knowledge.learn(project, text, options, callerOf(context)),
  }),
  operation({
    name: 'search_knowledge',
    route: 'POST /knowledge/search',
    summary: 'Find what projects know',
    description: 'Ask before solving it again. Without projects: yours and shared.',
    access: 'read',
    toolset: 'default',
    input: z.object({
      query: textField('Question', 4000).min(1),
      projects: projects.optional(),
      kinds: z.array(kind).optional(),
      since: instant.optional(),
      limit: z.int().min(1).max(200).default(10),
      mode: mode.optional(),
      explain: z.boolean().optional(),
      maxTokens: z.int().min(100).max(1_000_000).default(4000),
    }),
    output: z.object({
      results: z.array(hit),
      omitted: z.int().describe('Matches that did not fit into maxTokens'),
      mode,
      embedder: z.string().nullable().describe('The model whose vectors were asked'),
      reason: z.string().optional().describe('Why only words were asked, or that similar ones were found'),
      terms: z.array(z.object({ term: z.string(), frequency: z.int(), weight: z.number() })).optional(),
    }),
    projects: ({ projects }) => projects ?? [],
    handle: ({ knowledge }: KnowledgeDeps, { query, ...options }, context) => knowledge.search(query, options, callerOf(context)),
  }),
  operation({
    name: 'get_knowledge',
    route: 'GET /knowledge/{id}',
    summary: 'Show one entry with its whole text',
    access: 'read',
    input: z.object({ id }),
    output: fullEntry,
    projects: () => [],
    handle: ({ knowledge }: KnowledgeDeps, { id }, context) => knowledge.get(id, callerOf(context)),
  }),
  operation({
    name: 'list_knowledge',
    route: 'GET /knowledge',
    summary: 'List entries, the newest first',
    access: 'read',
    input: z.object({ project: projectFilter(), kind: kind.optional(), tag: tag.optional(), task: task.optional(), ...page }),
    output: z.object({ entries: z.array(entry.extend({ preview: z.string() })), nextCursor }),
    handle: ({ knowledge }: KnowledgeDeps, filter, context) => knowledge.list(filter, callerOf(context)),
  }),
  operation({
    name: 'update_knowledge',
    route: 'PATCH /knowledge/{id}',
    summary: 'Change an entry, or say whether it was useful',
    access: 'write',
    input: z.object({
      id,
      text: text.optional(),
      kind: learnedKind.optional(),
      visibility: visibility.optional(),
      task: task.optional(),
      tags: z.array(tag).max(20).optional(),
      source: source.optional(),
      supersedes: id.optional(),
      ttlDays: ttlDays.optional(),
      useful: z
        .boolean()
        .optional()
        .describe('Whether it helped your project')
        .meta({ examples: [false] }),
    }),
    output: fullEntry,
    projects: () => [],
    subject: ({ id }) => String(id),
    handle: ({ knowledge }: KnowledgeDeps, { id, ...changes }, context) => knowledge.update(id, changes, callerOf(context)),
  }),
  operation({
    name: 'forget_knowledge',
    route: 'POST /knowledge/forget',
    summary: 'Remove entries and every trace of them',
    description: 'Those that fit all that is given. With dryRun only says which.',
    access: 'destroy',
    toolset: 'admin',
    input: z.object({
      ids: z
        .array(id)
        .min(1)
        .max(500)
        .optional()
        .meta({ examples: [7] }),
      project: projectFilter(),
      kind: kind.optional(),
      tag: tag.optional(),
      task: task.optional(),
      dryRun: z.boolean().default(false),
    }),
    output: z.object({ forgotten: z.array(z.int()), dryRun: z.boolean() }),
    subject: ({ ids }) => (ids ?? []).join(' ').slice(0, 200),
    handle: async ({ knowledge }: KnowledgeDeps, { dryRun, ...selection }, context) => ({
      forgotten: await knowledge.forget(selection, { dryRun }, callerOf(context)),
      dryRun,
    }),
  }),
  operation({
    name: 'get_knowledge_stats',
    route: 'GET /knowledge-stats',
    summary: 'Count entries, chunks and words',
    access: 'read',
    input: z.object({ project: projectFilter() }),
    output: z.object({
      scopes: z.array(
        z.object({
          project: z.string(),
          kind,
          visibility,
          language: z.string(),
          entries: z.int(),
          chunks: z.int(),
          words: z.int(),
        }),
      ),
    }),
    handle: async ({ knowledge }: KnowledgeDeps, { project }, context) => ({ scopes: await knowledge.stats(project, callerOf(context)) }),
  }),
  operation({
    name: 'set_knowledge_language',
    route: 'PUT /projects/{project}/knowledge-language',
    summary: 'Say in which language a project writes',
    description: 'What is there is indexed anew: some of it at once, what is left by and by.',
    access: 'write',
    input: z.object({ language: z.enum(languages).meta({ examples: ['german'] }), project: projectField() }),
    output: z.object({ project: z.string(), language: z.string(), reindexed: z.int(), left: z.int() }),
    handle: ({ knowledge }: KnowledgeDeps, { project, language }) => knowledge.setLanguage(project, language),
  }),
];

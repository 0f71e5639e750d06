import { instant, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

const createdAt = () =>
  instant('created_at')
    .notNull()
    .default(sql`now()`);

/** The language of a project's texts, where it is not English. */
export const knowledgeLanguages = supervisor.table('knowledge_languages', { project: text().primaryKey(), language: text().notNull() });

/** Folders that may be ingested. */
export const knowledgeRoots = supervisor.table(
  'knowledge_roots',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    project: text().notNull(),
    path: text().notNull(),
    createdAt: createdAt(),
  },
  (table) => [unique('knowledge_roots_path').on(table.project, table.path)],
);

/** What may be searched apart: access and kind are decided by choosing scopes, never by looking at each hit. */
export const knowledgeScopes = supervisor.table(
  'knowledge_scopes',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    project: text().notNull(),
    visibility: text().notNull(),
    kind: text().notNull(),
    language: text().notNull(),
    /** How many chunks it has, and words in them: the collection's size and its mean length for BM25. */
    chunks: integer().notNull().default(0),
    words: bigint({ mode: 'number' }).notNull().default(0),
  },
  (table) => [
    unique('knowledge_scopes_name').on(table.project, table.visibility, table.kind, table.language),
    check('knowledge_scopes_visibility', sql`${table.visibility} in ('project', 'shared')`),
    check('knowledge_scopes_size', sql`${table.chunks} >= 0 and ${table.words} >= 0`),
  ],
);

export const knowledgeEntries = supervisor.table(
  'knowledge_entries',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    scope: integer()
      .notNull()
      .references(() => knowledgeScopes.id),
    /** Only of what was ingested. */
    root: integer().references(() => knowledgeRoots.id, { onDelete: 'cascade' }),
    title: text().notNull().default(''),
    format: text().notNull(),
    /** SHA-256 of title and text, after redaction. */
    hash: text().notNull(),
    task: text(),
    tags: text().array().notNull(),
    /** Where it is from: a path inside its root, a URL, a pull request … */
    source: text(),
    supersededBy: integer('superseded_by'),
    /** The projects that said whether it helped them. */
    helped: text().array().notNull(),
    misled: text().array().notNull(),
    expiresAt: instant('expires_at'),
    createdAt: createdAt(),
    updatedAt: instant('updated_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    index('knowledge_entries_hash').on(table.hash),
    index('knowledge_entries_scope').on(table.scope),
    index('knowledge_entries_superseded_by').on(table.supersededBy),
    index('knowledge_entries_expires_at').on(table.expiresAt),
    uniqueIndex('knowledge_entries_source').on(table.root, table.source),
  ],
);

export const knowledgeChunks = supervisor.table(
  'knowledge_chunks',
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    entry: integer()
      .notNull()
      .references(() => knowledgeEntries.id, { onDelete: 'cascade' }),
    ordinal: integer().notNull(),
    heading: text().notNull(),
    startLine: integer('start_line').notNull(),
    endLine: integer('end_line').notNull(),
    text: text().notNull(),
  },
  (table) => [unique('knowledge_chunks_place').on(table.entry, table.ordinal)],
);

/**
 * The inverted index: for each term the chunks that have it, 512 chunk ids to a row. `hits` holds one integer for each chunk: its place in
 * the block, the term's count, the chunk's length (lexical/hit.ts), in rising order. Document frequencies are the sums of `size`: they cannot drift.
 */
export const knowledgePostings = supervisor.table(
  'knowledge_postings',
  {
    scope: integer()
      .notNull()
      .references(() => knowledgeScopes.id),
    term: bigint({ mode: 'number' }).notNull(),
    block: integer().notNull(),
    size: smallint().notNull(),
    hits: integer().array().notNull(),
  },
  (table) => [primaryKey({ name: 'knowledge_postings_pk', columns: [table.scope, table.term, table.block] })],
);

/**
 * The models that vectors are made with, one generation of vectors to a row. At the most one is not retired: it is being built, or ready to
 * be asked. The vectors themselves are not here but in a schema of their own (vectors/storage.ts): they need pgvector, and no backup.
 */
export const knowledgeEmbedders = supervisor.table(
  'knowledge_embedders',
  {
    /** By chance, not counted: vectors that outlived their database are never taken for those of another model. */
    id: integer().primaryKey(),
    name: text().notNull(),
    dims: integer().notNull(),
    /** How to reach the model; null when the program brings it. */
    settings: jsonb(),
    state: text().notNull().default('building'),
    /** What a cosine of 1 counts, where the best match of words counts 1. */
    weight: doublePrecision().notNull(),
    /** What the weight was measured by; null when it is the usual one. */
    measured: jsonb(),
    /** Every chunk up to this one has been put into the queue. */
    queuedTo: integer('queued_to').notNull().default(0),
    createdAt: createdAt(),
  },
  (table) => [check('knowledge_embedders_state', sql`${table.state} in ('building', 'ready', 'retired')`)],
);

/** Chunks that still need a vector. They are found by their words meanwhile. */
export const knowledgePending = supervisor.table(
  'knowledge_pending',
  {
    chunk: integer()
      .notNull()
      .references(() => knowledgeChunks.id, { onDelete: 'cascade' }),
    embedder: integer()
      .notNull()
      .references(() => knowledgeEmbedders.id, { onDelete: 'cascade' }),
    /** Nobody else takes it before. */
    leasedUntil: instant('leased_until')
      .notNull()
      .default(sql`'-infinity'`),
    failures: smallint().notNull().default(0),
  },
  (table) => [primaryKey({ name: 'knowledge_pending_pk', columns: [table.chunk, table.embedder] })],
);

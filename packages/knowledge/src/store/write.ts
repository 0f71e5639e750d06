import { rows, type Orm } from '@supervisor/db';
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { Draft } from '../entry.js';
import { chunkTerms } from '../lexical/document-terms.js';
import { addToIndex, removeFromIndex } from '../lexical/write.js';
import { knowledgeChunks, knowledgeEntries, knowledgeScopes } from '../schema.js';
import type { Chunk } from '../split/block.js';
import { split } from '../split/split.js';
import type { Language } from '../text/stem.js';
import type { Terms } from '../text/terms.js';
import { enqueue } from '../vectors/queue.js';

/** A draft cut into chunks and these into terms: everything that needs no database. */
export interface Prepared {
  draft: Draft;
  chunks: (Chunk & { terms: Terms })[];
}

export async function prepare(draft: Draft): Promise<Prepared> {
  const chunks = (await split(draft.text, draft.format)).map((chunk) => ({ ...chunk, terms: chunkTerms(chunk, draft, draft.language) }));
  return { draft, chunks };
}

/** Stores new entries and indexes them; answers with their ids. Inside `withIndex`, as all here. */
export async function insertEntries(tx: Orm, prepared: readonly Prepared[]): Promise<number[]> {
  if (prepared.length === 0) return [];
  const scopes = await scopesOf(tx, prepared);
  const values = prepared.map(({ draft }, index) => ({
    scope: scopes[index],
    root: draft.root,
    title: draft.title,
    format: draft.format,
    hash: draft.hash,
    task: draft.task,
    tags: draft.tags,
    source: draft.source,
    expires_at: draft.expiresAt,
    created_at: draft.createdAt,
  }));
  // One JSON parameter: a statement with a parameter for each value takes ten times as long to build and to parse.
  const inserted = await rows<{ id: number }>(
    tx,
    sql`insert into supervisor.knowledge_entries (scope, root, title, format, hash, task, tags, source, expires_at, created_at, helped, misled)
      select scope, root, title, format, hash, task, tags, source, expires_at, coalesce(created_at, now()), '{}', '{}'
      from rows from (json_to_recordset(${JSON.stringify(values)}::json) as (scope int, root int, title text, format text, hash text, task text,
        tags text[], source text, expires_at timestamptz, created_at timestamptz)) with ordinality order by ordinality returning id`,
  );
  const ids = inserted.map(({ id }) => id);
  await insertChunks(
    tx,
    prepared.map(({ chunks }, index) => ({ entry: ids[index]!, scope: scopes[index]!, chunks })),
  );
  return ids;
}

/** Gives an entry another text, title, tags or place; its id and what is known of it stay. */
export async function replaceEntry(tx: Orm, id: number, { draft, chunks }: Prepared): Promise<void> {
  await removeChunks(tx, [id]);
  const [scope] = await scopesOf(tx, [{ draft, chunks }]);
  await tx
    .update(knowledgeEntries)
    .set({ scope: scope!, title: draft.title, tags: draft.tags, format: draft.format, hash: draft.hash, updatedAt: sql`now()` })
    .where(eq(knowledgeEntries.id, id));
  await insertChunks(tx, [{ entry: id, scope: scope!, chunks }]);
}

/** Removes entries and every trace of them in the index. */
export async function deleteEntries(tx: Orm, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await removeChunks(tx, ids);
  await tx
    .update(knowledgeEntries)
    .set({ supersededBy: null })
    .where(inArray(knowledgeEntries.supersededBy, [...ids]));
  await tx.delete(knowledgeEntries).where(inArray(knowledgeEntries.id, [...ids]));
}

async function insertChunks(tx: Orm, entries: readonly { entry: number; scope: number; chunks: Prepared['chunks'] }[]): Promise<void> {
  const chunks = entries.flatMap(({ entry, scope, chunks: own }) => own.map((chunk, ordinal) => ({ entry, scope, ordinal, chunk })));
  if (chunks.length === 0) return;
  const values = chunks.map(({ entry, ordinal, chunk: { heading, startLine: start_line, endLine: end_line, text } }) => {
    return { entry, ordinal, heading, start_line, end_line, text };
  });
  const inserted = await rows<{ id: number }>(
    tx,
    sql`insert into supervisor.knowledge_chunks (entry, ordinal, heading, start_line, end_line, text)
      select entry, ordinal, heading, start_line, end_line, text
      from rows from (json_to_recordset(${JSON.stringify(values)}::json) as (entry int, ordinal int, heading text, start_line int, end_line int,
        text text)) with ordinality order by ordinality returning id`,
  );
  await enqueue(
    tx,
    inserted.map(({ id }) => id),
  );
  await addToIndex(
    tx,
    chunks.map(({ scope, chunk }, index) => ({ id: inserted[index]!.id, scope, terms: chunk.terms })),
  );
}

async function removeChunks(tx: Orm, entries: readonly number[]): Promise<void> {
  const stored = await tx
    .select({
      id: knowledgeChunks.id,
      scope: knowledgeEntries.scope,
      language: knowledgeScopes.language,
      title: knowledgeEntries.title,
      tags: knowledgeEntries.tags,
      heading: knowledgeChunks.heading,
      text: knowledgeChunks.text,
    })
    .from(knowledgeChunks)
    .innerJoin(knowledgeEntries, eq(knowledgeEntries.id, knowledgeChunks.entry))
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(inArray(knowledgeChunks.entry, [...entries]))
    .orderBy(asc(knowledgeChunks.id));
  const indexed = stored.map(({ id, scope, language, ...chunk }) => ({
    id,
    scope,
    terms: chunkTerms(chunk, chunk, language as Language),
  }));
  await removeFromIndex(tx, indexed);
  await tx.delete(knowledgeChunks).where(inArray(knowledgeChunks.entry, [...entries]));
}

async function scopesOf(tx: Orm, prepared: readonly Prepared[]): Promise<number[]> {
  const known = new Map<string, number>();
  const ids: number[] = [];
  for (const { draft } of prepared) {
    const { project, visibility, kind, language } = draft;
    const key = [project, visibility, kind, language].join('\0');
    if (!known.has(key)) known.set(key, await scopeOf(tx, { project, visibility, kind, language }));
    ids.push(known.get(key)!);
  }
  return ids;
}

async function scopeOf(tx: Orm, name: Pick<Draft, 'project' | 'visibility' | 'kind' | 'language'>): Promise<number> {
  const columns = knowledgeScopes;
  const [inserted] = await tx.insert(columns).values(name).onConflictDoNothing().returning({ id: columns.id });
  if (inserted) return inserted.id;
  const [row] = await tx
    .select({ id: columns.id })
    .from(columns)
    .where(
      and(
        eq(columns.project, name.project),
        eq(columns.visibility, name.visibility),
        eq(columns.kind, name.kind),
        eq(columns.language, name.language),
      ),
    );
  return row!.id;
}

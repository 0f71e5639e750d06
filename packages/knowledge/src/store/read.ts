import { cutPage, numberIn, SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, desc, eq, gt, inArray, isNull, lt, or, sql, type SQL } from 'drizzle-orm';
import type { Caller, Entry, EntrySummary, Kind, Visibility } from '../entry.js';
import { knowledgeChunks, knowledgeEntries, knowledgeScopes } from '../schema.js';
import { join } from '../split/split.js';

/** The entries a caller may see: those of its project and the shared ones. The one place that says so. */
export function visibleTo({ boundTo }: Caller): SQL | undefined {
  return boundTo === null ? undefined : or(eq(knowledgeScopes.project, boundTo), eq(knowledgeScopes.visibility, 'shared'));
}

export function alive(now: Date): SQL {
  return or(isNull(knowledgeEntries.expiresAt), gt(knowledgeEntries.expiresAt, now.toISOString()))!;
}

export interface ListFilter {
  project?: string | undefined;
  kind?: Kind | undefined;
  tag?: string | undefined;
  task?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

const summary = {
  id: knowledgeEntries.id,
  project: knowledgeScopes.project,
  visibility: sql<Visibility>`${knowledgeScopes.visibility}`,
  kind: sql<Kind>`${knowledgeScopes.kind}`,
  title: knowledgeEntries.title,
  task: knowledgeEntries.task,
  tags: knowledgeEntries.tags,
  source: knowledgeEntries.source,
  supersededBy: knowledgeEntries.supersededBy,
  helped: sql<number>`cardinality(${knowledgeEntries.helped})`,
  misled: sql<number>`cardinality(${knowledgeEntries.misled})`,
  expiresAt: knowledgeEntries.expiresAt,
  createdAt: knowledgeEntries.createdAt,
  updatedAt: knowledgeEntries.updatedAt,
};

/** The newest first. */
export async function listEntries(
  orm: Orm,
  filter: ListFilter,
  caller: Caller,
  now: Date,
): Promise<{ entries: (EntrySummary & { preview: string })[]; nextCursor?: string }> {
  const limit = filter.limit ?? 100;
  const preview = sql<string>`coalesce((select left(text, 200) from ${knowledgeChunks} where entry = ${knowledgeEntries.id} and ordinal = 0), '')`;
  const found = await orm
    .select({ ...summary, preview })
    .from(knowledgeEntries)
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(
      and(
        visibleTo(caller),
        alive(now),
        filter.project === undefined ? undefined : eq(knowledgeScopes.project, filter.project),
        filter.kind === undefined ? undefined : eq(knowledgeScopes.kind, filter.kind),
        filter.task === undefined ? undefined : eq(knowledgeEntries.task, filter.task),
        filter.tag === undefined ? undefined : sql`${filter.tag} = any(${knowledgeEntries.tags})`,
        filter.cursor === undefined ? undefined : lt(knowledgeEntries.id, cursorId(filter.cursor)),
      ),
    )
    .orderBy(desc(knowledgeEntries.id))
    .limit(limit + 1);
  const { rows: entries, ...next } = cutPage(found, limit, ({ id }) => String(id));
  return { entries, ...next };
}

/** Entries with their whole text, in the order of their ids. */
export async function readEntries(orm: Orm, where: SQL | undefined, caller: Caller, limit = 500): Promise<(Entry & { format: string })[]> {
  const entries = await orm
    .select({ ...summary, format: knowledgeEntries.format })
    .from(knowledgeEntries)
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(and(visibleTo(caller), where))
    .orderBy(asc(knowledgeEntries.id))
    .limit(limit);
  if (entries.length === 0) return [];
  const chunks = await orm
    .select()
    .from(knowledgeChunks)
    .where(
      inArray(
        knowledgeChunks.entry,
        entries.map(({ id }) => id),
      ),
    )
    .orderBy(asc(knowledgeChunks.entry), asc(knowledgeChunks.ordinal));
  const byEntry = new Map<number, typeof chunks>();
  for (const chunk of chunks) byEntry.set(chunk.entry, [...(byEntry.get(chunk.entry) ?? []), chunk]);
  return entries.map((entry) => ({ ...entry, text: join(byEntry.get(entry.id) ?? []) }));
}

/** @throws SupervisorError `not_found`, also when the caller may not see it */
export async function readEntry(orm: Orm, id: number, caller: Caller): Promise<Entry & { format: string }> {
  const [entry] = await readEntries(orm, eq(knowledgeEntries.id, id), caller, 1);
  if (!entry) throw new SupervisorError('not_found', `There is no entry ${id} that this caller may see. search_knowledge finds entries.`);
  return entry;
}

export function cursorId(cursor: string): number {
  return numberIn(cursor, 2 ** 31 - 1);
}

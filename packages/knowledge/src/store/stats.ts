import type { Orm } from '@supervisor/db';
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Caller, Kind, Visibility } from '../entry.js';
import { knowledgeEntries, knowledgeScopes } from '../schema.js';
import type { Language } from '../text/stem.js';
import { visibleTo } from './read.js';

export interface Stats {
  project: string;
  kind: Kind;
  visibility: Visibility;
  language: Language;
  entries: number;
  chunks: number;
  words: number;
}

/** What there is, for each project, kind and visibility. */
export async function readStats(orm: Orm, project: string | undefined, caller: Caller): Promise<Stats[]> {
  const columns = {
    project: knowledgeScopes.project,
    kind: sql<Kind>`${knowledgeScopes.kind}`,
    visibility: sql<Visibility>`${knowledgeScopes.visibility}`,
    language: sql<Language>`${knowledgeScopes.language}`,
    chunks: knowledgeScopes.chunks,
    words: knowledgeScopes.words,
  };
  return orm
    .select({ ...columns, entries: sql<number>`(select count(*)::int from ${knowledgeEntries} where scope = knowledge_scopes.id)` })
    .from(knowledgeScopes)
    .where(and(visibleTo(caller), project === undefined ? undefined : eq(knowledgeScopes.project, project)))
    .orderBy(asc(knowledgeScopes.project), asc(knowledgeScopes.kind), asc(knowledgeScopes.visibility));
}

import type { Orm } from '@supervisor/db';
import { and, eq, gt, inArray, or } from 'drizzle-orm';
import type { Caller, Kind } from '../entry.js';
import type { SearchedScope } from '../lexical/search.js';
import { knowledgeScopes } from '../schema.js';
import { visibleTo } from '../store/read.js';
import type { Language } from '../text/stem.js';

/** What a question is put to: the projects it names, else the caller's own and what every project shares. */
export async function chooseScopes(
  orm: Orm,
  caller: Caller,
  filter: { projects?: string[] | undefined; kinds?: Kind[] | undefined },
): Promise<SearchedScope[]> {
  const named = filter.projects && filter.projects.length > 0 ? inArray(knowledgeScopes.project, filter.projects) : undefined;
  const near =
    caller.project === undefined ? undefined : or(eq(knowledgeScopes.project, caller.project), eq(knowledgeScopes.visibility, 'shared'));
  const rows = await orm
    .select()
    .from(knowledgeScopes)
    .where(
      and(
        visibleTo(caller),
        named ?? near,
        filter.kinds && filter.kinds.length > 0 ? inArray(knowledgeScopes.kind, filter.kinds) : undefined,
        gt(knowledgeScopes.chunks, 0),
      ),
    );
  return rows.map(({ id, language, chunks, words }) => ({ id, language: language as Language, chunks, words }));
}

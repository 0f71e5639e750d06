import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm';
import type { Caller, Kind } from './entry.js';
import { withIndex } from './lexical/write.js';
import { knowledgeEntries, knowledgeScopes } from './schema.js';
import { deleteEntries } from './store/write.js';

/** Which entries are forgotten: all that fit everything that is given. */
export interface Selection {
  ids?: number[] | undefined;
  project?: string | undefined;
  kind?: Kind | undefined;
  tag?: string | undefined;
  task?: string | undefined;
}

// A long document has hundreds of hits: so many entries are gone in a moment.
const entriesAtOnce = 20;

/** Removes the selected entries of the caller's project, or of any for a caller that is bound to none. */
export async function forget(orm: Orm, selection: Selection, dryRun: boolean, { boundTo }: Caller): Promise<number[]> {
  const { ids, project, kind, tag, task } = selection;
  if (ids === undefined && project === undefined && kind === undefined && tag === undefined && task === undefined)
    throw new SupervisorError('invalid_input', 'Say what to forget: ids, project, kind, tag or task.');
  const rows = await orm
    .select({ id: knowledgeEntries.id })
    .from(knowledgeEntries)
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(
      and(
        boundTo === null ? undefined : eq(knowledgeScopes.project, boundTo),
        ids === undefined ? undefined : inArray(knowledgeEntries.id, ids),
        project === undefined ? undefined : eq(knowledgeScopes.project, project),
        kind === undefined ? undefined : eq(knowledgeScopes.kind, kind),
        task === undefined ? undefined : eq(knowledgeEntries.task, task),
        tag === undefined ? undefined : sql`${tag} = any(${knowledgeEntries.tags})`,
      ),
    )
    .orderBy(asc(knowledgeEntries.id));
  const chosen = rows.map(({ id }) => id);
  if (!dryRun) await remove(orm, chosen);
  return chosen;
}

/** Removes what has outlived its time, a little at a time. */
export async function removeExpired(orm: Orm, now: Date): Promise<void> {
  const rows = await orm
    .select({ id: knowledgeEntries.id })
    .from(knowledgeEntries)
    .where(lte(knowledgeEntries.expiresAt, now.toISOString()))
    .limit(entriesAtOnce);
  await remove(
    orm,
    rows.map(({ id }) => id),
  );
}

async function remove(orm: Orm, ids: readonly number[]): Promise<void> {
  for (let start = 0; start < ids.length; start += entriesAtOnce) {
    await withIndex(orm, async (tx) => {
      await deleteEntries(tx, ids.slice(start, start + entriesAtOnce));
    });
  }
}

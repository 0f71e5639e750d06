import type { Orm } from '@supervisor/db';
import { and, count, eq, gt, sql } from 'drizzle-orm';
import { everyone, type Redact } from '../entry.js';
import { withIndex } from '../lexical/write.js';
import { knowledgeEntries, knowledgeLanguages, knowledgeScopes } from '../schema.js';
import type { Format } from '../split/split.js';
import { draft, languageOf } from './drafts.js';
import { readEntries } from './read.js';
import { prepare, replaceEntry } from './write.js';

/**
 * Indexes anew what lies in another language than its project writes in now: one entry at a time, each found all the while, until
 * the time is over. Who goes on later, or at the same time, finds what is left.
 */
export async function reindex(
  orm: Orm,
  redact: Redact,
  milliseconds: number,
  project?: string,
): Promise<{ reindexed: number; left: number }> {
  const until = performance.now() + milliseconds;
  const spoken = sql`(select ${knowledgeLanguages.language} from ${knowledgeLanguages} where ${knowledgeLanguages.project} = ${knowledgeScopes.project})`;
  const elsewhere = and(
    sql`${knowledgeScopes.language} <> ${spoken}`,
    project === undefined ? undefined : eq(knowledgeScopes.project, project),
  );
  // Once a minute there is nothing to do: the few scopes tell, not all entries.
  if (!(await hasEntries(orm, elsewhere))) return { reindexed: 0, left: 0 };
  for (let reindexed = 0; ;) {
    const [entry] = await readEntries(orm, elsewhere, everyone, 1);
    if (!entry) return { reindexed, left: 0 };
    if (performance.now() > until) return { reindexed, left: await countEntries(orm, elsewhere) };
    const language = await languageOf(orm, entry.project);
    const { draft: clean } = await draft(redact, { ...entry, format: entry.format as Format, language });
    const prepared = await prepare(clean);
    await withIndex(orm, async (tx) => {
      // What another call changed or removed meanwhile is left as that left it.
      const [now] = await readEntries(tx, eq(knowledgeEntries.id, entry.id), everyone, 1);
      if (JSON.stringify(now) !== JSON.stringify(entry)) return;
      await replaceEntry(tx, entry.id, prepared);
      reindexed++;
    });
  }
}

async function hasEntries(orm: Orm, condition: ReturnType<typeof and>): Promise<boolean> {
  const [scope] = await orm
    .select({ id: knowledgeScopes.id })
    .from(knowledgeScopes)
    .where(and(condition, gt(knowledgeScopes.chunks, 0)))
    .limit(1);
  return scope !== undefined;
}

async function countEntries(orm: Orm, condition: ReturnType<typeof and>): Promise<number> {
  const [row] = await orm
    .select({ count: count() })
    .from(knowledgeEntries)
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(condition);
  return row!.count;
}

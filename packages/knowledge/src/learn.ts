import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, desc, eq, isNull, or, sql } from 'drizzle-orm';
import type { Caller, Draft, Kind, LearnedKind, Visibility } from './entry.js';
import { withIndex } from './lexical/write.js';
import { knowledgeEntries, knowledgeScopes } from './schema.js';
import { search } from './search/search.js';
import { alive } from './store/read.js';
import { insertEntries, prepare, replaceEntry } from './store/write.js';
import { termsOf } from './text/terms.js';

export interface LearnOptions {
  /** `learning` when left out. */
  kind?: LearnedKind | undefined;
  /** `project` when left out. */
  visibility?: Visibility | undefined;
  title?: string | undefined;
  /** The task it was learned in. */
  task?: string | undefined;
  tags?: string[] | undefined;
  /** Where it is from: a file, a URL, a pull request … */
  source?: string | undefined;
  /** The id of the entry that this one replaces. */
  supersedes?: number | undefined;
  /** Days until it is forgotten. */
  ttlDays?: number | undefined;
}

export interface Learned {
  id: number;
  created: boolean;
  /** The entry that says exactly this already; then no other was stored. */
  duplicateOf: number | null;
  /** What was taken out before it was stored. */
  redactions: string[];
  /** Entries that say nearly the same: perhaps this one supersedes them. What was replaced says by which. */
  similar: { id: number; similarity: number; text: string; supersededBy: number | null }[];
}

/** Stores a draft, unless its project, or another one for all, says exactly this already: that one is then shared, and replaces, as asked. */
export async function store(
  orm: Orm,
  draft: Draft,
  supersedes: number | undefined,
  now: Date,
): Promise<{ id: number; duplicateOf: number | null }> {
  const prepared = await prepare(draft);
  return withIndex(orm, async (tx) => {
    const found = await findSame(tx, draft, now);
    const own = found.find(({ project }) => project === draft.project);
    // Another project's can be changed by nobody here: it stands for this one, and replaces nothing.
    const same = own ?? (supersedes === undefined ? found.find(({ supersededBy }) => supersededBy === null) : undefined);
    if (own?.supersededBy && (supersedes === undefined || supersedes === own.id))
      throw new SupervisorError(
        'conflict',
        `Entry ${own.id} says exactly this, and ${own.supersededBy} replaced it. If it holds again, learn it with supersedes ${own.supersededBy}.`,
        { id: own.id, supersededBy: own.supersededBy },
      );
    const [id] = same ? [same.id] : await insertEntries(tx, [prepared]);
    // What was replaced comes to hold again.
    if (own?.supersededBy)
      await tx
        .update(knowledgeEntries)
        .set({ supersededBy: null, updatedAt: sql`now()` })
        .where(eq(knowledgeEntries.id, own.id));
    if (own?.visibility === 'project' && draft.visibility === 'shared')
      await replaceEntry(tx, own.id, await prepare({ ...draft, kind: own.kind, tags: own.tags }));
    if (supersedes !== undefined && supersedes !== same?.id) await supersede(tx, supersedes, id!, draft.project);
    return { id: id!, duplicateOf: same?.id ?? null };
  });
}

/** Entries of the draft's project, then those for all, that say exactly the same. */
export function findSame(tx: Orm, draft: Draft, now: Date) {
  const { id, supersededBy, tags } = knowledgeEntries;
  const { project, visibility } = knowledgeScopes;
  return tx
    .select({ id, supersededBy, tags, project, visibility, kind: sql<Kind>`${knowledgeScopes.kind}` })
    .from(knowledgeEntries)
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(
      and(
        eq(knowledgeEntries.hash, draft.hash),
        isNull(knowledgeEntries.root),
        alive(now),
        or(eq(project, draft.project), eq(visibility, 'shared')),
      ),
    )
    .orderBy(desc(eq(project, draft.project)), sql`${supersededBy} nulls first`, id);
}

/** Marks an entry of the project as replaced. @throws SupervisorError `not_found` or `conflict` */
export async function supersede(tx: Orm, older: number, newer: number, project: string): Promise<void> {
  const [entry] = await tx
    .select({ id: knowledgeEntries.id, supersededBy: knowledgeEntries.supersededBy })
    .from(knowledgeEntries)
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(and(eq(knowledgeEntries.id, older), eq(knowledgeScopes.project, project)));
  if (!entry || older === newer)
    throw new SupervisorError('not_found', `supersedes: ${project} has no other entry ${older}. search_knowledge finds its entries.`);
  if (entry.supersededBy !== null && entry.supersededBy !== newer) {
    throw new SupervisorError('conflict', `Entry ${older} is superseded by ${entry.supersededBy} already. Supersede that one.`, {
      supersededBy: entry.supersededBy,
    });
  }
  const [own] = await tx.select({ by: knowledgeEntries.supersededBy }).from(knowledgeEntries).where(eq(knowledgeEntries.id, newer));
  // Else two could replace each other, and neither would hold.
  if (own!.by !== null) {
    throw new SupervisorError('conflict', `Entry ${newer} is superseded by ${own!.by} itself, so it replaces nothing.`, {
      supersededBy: own!.by,
    });
  }
  await tx.update(knowledgeEntries).set({ supersededBy: newer }).where(eq(knowledgeEntries.id, older));
}

// Share of the words of both that both have. Half is much for two texts of their own.
const leastSimilarity = 0.5;
const comparedCharacters = 1200;

/** The entries that say nearly the same as a draft, the nearest first. */
export async function findSimilar(orm: Orm, draft: Draft, caller: Caller, now: Date): Promise<Learned['similar']> {
  const question = draft.text.slice(0, comparedCharacters);
  const { results } = await search(orm, question, { limit: 5 }, { ...caller, project: draft.project }, now);
  const own = new Set(termsOf(question, draft.language).counts.keys());
  return results
    .filter(({ kind }) => kind !== 'document')
    .map(({ id, text, supersededBy }) => ({
      id,
      similarity: Math.round(100 * overlap(own, new Set(termsOf(text.slice(0, comparedCharacters), draft.language).counts.keys()))) / 100,
      text: text.length > 200 ? `${text.slice(0, 200)}…` : text,
      supersededBy,
    }))
    .filter(({ similarity }) => similarity >= leastSimilarity)
    .toSorted((one, other) => other.similarity - one.similarity);
}

function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const both = [...one].filter((term) => other.has(term)).length;
  return both / Math.max(1, one.size + other.size - both);
}

import type { Orm } from '@supervisor/db';
import { and, eq, gt, inArray, isNull } from 'drizzle-orm';
import type { Caller, LearnedKind, Redact, Visibility } from './entry.js';
import { store } from './learn.js';
import { knowledgeEntries, knowledgeScopes } from './schema.js';
import type { Format } from './split/split.js';
import { draft, languageOf } from './store/drafts.js';
import { cursorId, readEntries } from './store/read.js';

/** An entry as a line of JSONL. Ids belong to a database: what an entry supersedes is named by hash. */
export interface Line {
  project: string;
  visibility: Visibility;
  kind: LearnedKind;
  title: string;
  text: string;
  format: Format;
  hash: string;
  tags: string[];
  task: string | null;
  source: string | null;
  supersedes: string[];
  helped: string[];
  misled: string[];
  expiresAt: string | null;
  createdAt: string;
}

/** What was learned, oldest first. Documents stay out: their files are the original. */
export async function exportLines(
  orm: Orm,
  filter: { project?: string | undefined; limit?: number | undefined; cursor?: string | undefined },
  caller: Caller,
): Promise<{ entries: Line[]; nextCursor?: string }> {
  const limit = filter.limit ?? 100;
  const entries = await readEntries(
    orm,
    and(
      isNull(knowledgeEntries.root),
      filter.project === undefined ? undefined : eq(knowledgeScopes.project, filter.project),
      gt(knowledgeEntries.id, filter.cursor === undefined ? 0 : cursorId(filter.cursor)),
    ),
    caller,
    limit,
  );
  const ids = entries.map(({ id }) => id);
  if (ids.length === 0) return { entries: [] };
  const kept = await orm.select().from(knowledgeEntries).where(inArray(knowledgeEntries.id, ids));
  const older = await orm
    .select({ hash: knowledgeEntries.hash, by: knowledgeEntries.supersededBy })
    .from(knowledgeEntries)
    .where(inArray(knowledgeEntries.supersededBy, ids));
  const lines = entries.map((entry): Line => {
    const { hash, helped, misled } = kept.find(({ id }) => id === entry.id)!;
    const { project, visibility, kind, title, text, tags, task, source, expiresAt, createdAt } = entry;
    const supersedes = older.filter(({ by }) => by === entry.id).map((row) => row.hash);
    const [format, learned] = [entry.format as Format, kind as LearnedKind];
    return {
      project,
      visibility,
      kind: learned,
      title,
      text,
      format,
      hash,
      tags,
      task,
      source,
      supersedes,
      helped,
      misled,
      expiresAt,
      createdAt,
    };
  });
  return ids.length === limit ? { entries: lines, nextCursor: String(ids.at(-1)) } : { entries: lines };
}

/** Stores exported entries. What is there already is left as it is. */
export async function importLines(
  orm: Orm,
  redact: Redact,
  lines: readonly Line[],
  now: Date,
): Promise<{ added: number; unchanged: number; redactions: number }> {
  const done = { added: 0, unchanged: 0, redactions: 0 };
  for (const { supersedes, helped, misled, hash: _hash, ...line } of lines) {
    const { draft: clean, redactions } = await draft(redact, { ...line, language: await languageOf(orm, line.project) });
    done.redactions += redactions.length;
    const { id, duplicateOf } = await store(orm, clean, undefined, now);
    if (duplicateOf !== null) {
      done.unchanged++;
      continue;
    }
    done.added++;
    await orm.update(knowledgeEntries).set({ helped, misled, updatedAt: clean.createdAt! }).where(eq(knowledgeEntries.id, id));
    if (supersedes.length > 0)
      await orm
        .update(knowledgeEntries)
        .set({ supersededBy: id })
        .where(olderOnes(orm, supersedes, clean.project));
  }
  return done;
}

function olderOnes(orm: Orm, hashes: string[], project: string) {
  const ofProject = orm.select({ id: knowledgeScopes.id }).from(knowledgeScopes).where(eq(knowledgeScopes.project, project));
  return and(inArray(knowledgeEntries.hash, hashes), inArray(knowledgeEntries.scope, ofProject), isNull(knowledgeEntries.supersededBy));
}

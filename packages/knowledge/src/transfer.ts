import type { Orm } from '@supervisor/db';
import { and, eq, gt, inArray, isNull } from 'drizzle-orm';
import type { Caller, LearnedKind, Redact, Visibility } from './entry.js';
import { findSame } from './learn.js';
import { withIndex } from './lexical/write.js';
import { knowledgeEntries, knowledgeScopes } from './schema.js';
import type { Format } from './split/split.js';
import { draft, languageOf } from './store/drafts.js';
import { cursorId, readEntries } from './store/read.js';
import { insertEntries, prepare } from './store/write.js';

/** An entry as a line of JSONL. Ids belong to a database: what an entry supersedes, and what supersedes it, is named by hash. */
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
  supersededBy: string | null;
  helped: string[];
  misled: string[];
  expiresAt: string | null;
  createdAt: string;
}

const entriesAtOnce = 20;
const mostCharacters = 1_000_000;

/** What was learned, oldest first. Documents stay out: their files are the original. */
export async function exportLines(
  orm: Orm,
  filter: { project?: string | undefined; limit?: number | undefined; cursor?: string | undefined },
  caller: Caller,
): Promise<{ entries: Line[]; nextCursor?: string }> {
  const { entries, more } = await readPage(orm, filter, caller);
  const ids = entries.map(({ id }) => id);
  if (ids.length === 0) return { entries: [] };
  const { boundTo } = caller;
  const named = (projects: string[]) => projects.filter((name) => boundTo === null || name === boundTo);
  const kept = await orm.select().from(knowledgeEntries).where(inArray(knowledgeEntries.id, ids));
  const older = await orm
    .select({ hash: knowledgeEntries.hash, by: knowledgeEntries.supersededBy })
    .from(knowledgeEntries)
    .where(inArray(knowledgeEntries.supersededBy, ids));
  const successors = kept.map(({ supersededBy }) => supersededBy).filter((id) => id !== null);
  const newer = await orm
    .select({ id: knowledgeEntries.id, hash: knowledgeEntries.hash })
    .from(knowledgeEntries)
    .where(inArray(knowledgeEntries.id, successors));
  const lines = entries.map((entry): Line => {
    const { hash, helped, misled, supersededBy } = kept.find(({ id }) => id === entry.id)!;
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
      supersededBy: newer.find(({ id }) => id === supersededBy)?.hash ?? null,
      helped: named(helped),
      misled: named(misled),
      expiresAt,
      createdAt,
    };
  });
  return more ? { entries: lines, nextCursor: String(ids.at(-1)) } : { entries: lines };
}

// A page ends by its number of entries, or of characters: an answer has its limit too.
async function readPage(orm: Orm, { project, limit = 100, cursor }: Parameters<typeof exportLines>[1], caller: Caller) {
  const entries: Awaited<ReturnType<typeof readEntries>> = [];
  let after = cursor === undefined ? 0 : cursorId(cursor);
  const next = (most: number) => {
    const ofProject = project === undefined ? undefined : eq(knowledgeScopes.project, project);
    return readEntries(orm, and(isNull(knowledgeEntries.root), ofProject, gt(knowledgeEntries.id, after)), caller, most);
  };
  for (let characters = 0; characters < mostCharacters && entries.length < limit;) {
    const found = await next(Math.min(entriesAtOnce, limit - entries.length));
    if (found.length === 0) return { entries, more: false };
    entries.push(...found);
    after = found.at(-1)!.id;
    characters += found.reduce((sum, { text }) => sum + text.length, 0);
  }
  return { entries, more: (await next(1)).length > 0 };
}

/** Stores exported entries. What is there already is left as it is. */
export async function importLines(
  orm: Orm,
  redact: Redact,
  lines: readonly Line[],
  now: Date,
): Promise<{ added: number; unchanged: number; redactions: number }> {
  const done = { added: 0, unchanged: 0, redactions: 0 };
  for (const line of lines) {
    if (line.expiresAt !== null && line.expiresAt <= now.toISOString()) {
      done.unchanged++;
      continue;
    }
    const { supersedes, supersededBy, helped, misled, hash: _hash, ...rest } = line;
    const { draft: clean, redactions } = await draft(redact, { ...rest, language: await languageOf(orm, line.project) });
    done.redactions += redactions.length;
    const prepared = await prepare(clean);
    const added = await withIndex(orm, async (tx) => {
      if ((await findSame(tx, clean, now)).length > 0) return false;
      const [id] = await insertEntries(tx, [prepared]);
      await tx.update(knowledgeEntries).set({ helped, misled, updatedAt: clean.createdAt! }).where(eq(knowledgeEntries.id, id!));
      await link(tx, id!, line);
      return true;
    });
    if (added) done.added++;
    else done.unchanged++;
  }
  return done;
}

// Whichever of two entries comes later finds the other one.
async function link(tx: Orm, id: number, { project, supersedes, supersededBy }: Line): Promise<void> {
  const scopes = tx.select({ id: knowledgeScopes.id }).from(knowledgeScopes).where(eq(knowledgeScopes.project, project));
  const named = (hashes: string[]) => and(inArray(knowledgeEntries.hash, hashes), inArray(knowledgeEntries.scope, scopes));
  const older = await tx
    .update(knowledgeEntries)
    .set({ supersededBy: id })
    .where(and(named(supersedes), isNull(knowledgeEntries.supersededBy)))
    .returning({ id: knowledgeEntries.id });
  if (supersededBy === null) return;
  const [newer] = await tx
    .select({ id: knowledgeEntries.id })
    .from(knowledgeEntries)
    .where(named([supersededBy]));
  // Here an entry may hold that elsewhere was replaced: of a circle none would.
  const replaced = new Set([id, ...older.map((entry) => entry.id)]);
  let last = newer?.id;
  for (const seen = new Set<number>(); last !== undefined && !replaced.has(last) && !seen.has(last);) {
    seen.add(last);
    const [next] = await tx.select({ by: knowledgeEntries.supersededBy }).from(knowledgeEntries).where(eq(knowledgeEntries.id, last));
    if (next?.by == null) break;
    last = next.by;
  }
  if (newer && !replaced.has(last!)) await tx.update(knowledgeEntries).set({ supersededBy: newer.id }).where(eq(knowledgeEntries.id, id));
}

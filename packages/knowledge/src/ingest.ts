import { setImmediate as breathe } from 'node:timers/promises';
import { cutPage } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, eq, gt, inArray } from 'drizzle-orm';
import type { Draft, Redact, Visibility } from './entry.js';
import { withIndex } from './lexical/write.js';
import type { Root } from './roots.js';
import { knowledgeEntries, knowledgeScopes } from './schema.js';
import type { Format } from './split/split.js';
import { draft, languageOf } from './store/drafts.js';
import { cursorId } from './store/read.js';
import { deleteEntries, insertEntries, prepare, replaceEntry, type Prepared } from './store/write.js';

/** A file as it is ingested. */
export interface Document {
  /** Its path inside the root: the same path again is the same document. */
  source: string;
  text: string;
  /** Its path, when left out. */
  title?: string | undefined;
  format?: Format | undefined;
}

export interface IngestOptions {
  /** `project` when left out. */
  visibility?: Visibility | undefined;
  /** Says what would happen, and does nothing. */
  dryRun?: boolean | undefined;
}

export interface Ingested {
  added: string[];
  updated: string[];
  unchanged: string[];
  /** Nothing is left in them. */
  removed: string[];
  redactions: number;
}

// One transaction's worth of text: it keeps others out for as long.
const charactersAtOnce = 20_000;
const documentsAtOnce = 50;

/** Brings documents of a root up to date. Each batch is all or nothing; repeating it changes nothing. */
export async function ingest(
  orm: Orm,
  redact: Redact,
  root: Root,
  documents: readonly Document[],
  options: IngestOptions,
): Promise<Ingested> {
  const done: Ingested = { added: [], updated: [], unchanged: [], removed: [], redactions: 0 };
  const { visibility = 'project', dryRun = false } = options;
  const language = await languageOf(orm, root.project);
  let batch: Prepared[] = [];
  let size = 0;
  const flush = async () => {
    const { added, updated } = await write(orm, root.id, batch, dryRun);
    done.added.push(...added);
    done.updated.push(...updated);
    batch = [];
    size = 0;
  };
  for await (const group of groupsOf(redact, documents)) {
    const before = await known(orm, root.id, [...group.keys()]);
    const empty = [...group].filter(([source, { text }]) => text.trim() === '' && before.has(source)).map(([source]) => source);
    done.removed.push(...(dryRun ? empty : await remove(orm, root.id, empty)));
    for (const [source, { text, title, format, hidden }] of group) {
      if (text.trim() === '') continue;
      const given = { project: root.project, visibility, kind: 'document', language, root: root.id } as const;
      const { draft: clean, redactions } = await draft(redact, { ...given, source, text, title: title ?? source, format });
      done.redactions += new Set([...hidden, ...redactions]).size;
      if (isAs(before.get(source), clean)) {
        done.unchanged.push(source);
        continue;
      }
      batch.push(await prepare(clean));
      size += clean.text.length;
      if (size > charactersAtOnce) await flush();
      await breathe();
    }
  }
  await flush();
  return done;
}

async function write(orm: Orm, root: number, batch: readonly Prepared[], dryRun: boolean): Promise<Pick<Ingested, 'added' | 'updated'>> {
  if (batch.length === 0) return { added: [], updated: [] };
  const sources = batch.map(({ draft }) => draft.source!);
  if (dryRun) return divide(batch, await known(orm, root, sources));
  return withIndex(orm, async (tx) => {
    const before = await known(tx, root, sources);
    const { added, updated } = divide(batch, before);
    await insertEntries(
      tx,
      batch.filter(({ draft }) => !before.has(draft.source!)),
    );
    for (const prepared of batch) {
      const old = before.get(prepared.draft.source!);
      // Another one may have written it since.
      if (old && !isAs(old, prepared.draft)) await replaceEntry(tx, old.id, prepared);
    }
    return { added, updated };
  });
}

function divide(batch: readonly Prepared[], before: ReadonlyMap<string, unknown>): Pick<Ingested, 'added' | 'updated'> {
  const sources = batch.map(({ draft }) => draft.source!);
  return { added: sources.filter((source) => !before.has(source)), updated: sources.filter((source) => before.has(source)) };
}

interface Known {
  id: number;
  hash: string;
  format: string;
  visibility: string;
}

function isAs(known: Known | undefined, { hash, format, visibility }: Draft): boolean {
  return known?.hash === hash && known.format === format && known.visibility === visibility;
}

async function known(orm: Orm, root: number, sources: string[]): Promise<Map<string, Known>> {
  const { id, source, hash, format } = knowledgeEntries;
  const rows = await orm
    .select({ id, source, hash, format, visibility: knowledgeScopes.visibility })
    .from(knowledgeEntries)
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(and(eq(knowledgeEntries.root, root), inArray(knowledgeEntries.source, sources)));
  return new Map(rows.map(({ source, ...row }) => [source!, row]));
}

// By their sources as they are stored. A path twice in one call is one document: the last one counts.
async function* groupsOf(redact: Redact, documents: readonly Document[]): AsyncGenerator<Map<string, Document & { hidden: string[] }>> {
  const unique = new Map<string, Document & { hidden: string[] }>();
  for (const document of documents) {
    const { text, redactions: hidden } = await redact(document.source);
    unique.set(text, { ...document, hidden });
  }
  const all = [...unique];
  for (let start = 0; start < all.length; start += documentsAtOnce) yield new Map(all.slice(start, start + documentsAtOnce));
}

/** The documents of a root, in the order they came in. */
export async function listDocuments(
  orm: Orm,
  root: number,
  page: { limit?: number | undefined; cursor?: string | undefined },
): Promise<{ documents: { id: number; source: string; updatedAt: string }[]; nextCursor?: string }> {
  const limit = page.limit ?? 100;
  const found = await orm
    .select({ id: knowledgeEntries.id, source: knowledgeEntries.source, updatedAt: knowledgeEntries.updatedAt })
    .from(knowledgeEntries)
    .where(and(eq(knowledgeEntries.root, root), gt(knowledgeEntries.id, page.cursor === undefined ? 0 : cursorId(page.cursor))))
    .orderBy(asc(knowledgeEntries.id))
    .limit(limit + 1);
  const { rows, ...next } = cutPage(found, limit, ({ id }) => String(id));
  return { documents: rows.map(({ source, ...row }) => ({ ...row, source: source! })), ...next };
}

/** Forgets documents that are no longer there. */
export async function removeDocuments(orm: Orm, redact: Redact, root: number, sources: string[]): Promise<string[]> {
  const stored: string[] = [];
  for (const source of sources) stored.push((await redact(source)).text);
  return remove(orm, root, stored);
}

async function remove(orm: Orm, root: number, sources: string[]): Promise<string[]> {
  const removed: string[] = [];
  for (let start = 0; start < sources.length; start += documentsAtOnce) {
    const some = sources.slice(start, start + documentsAtOnce);
    await withIndex(orm, async (tx) => {
      const found = await known(tx, root, some);
      await deleteEntries(
        tx,
        [...found.values()].map(({ id }) => id),
      );
      removed.push(...found.keys());
    });
  }
  return removed;
}

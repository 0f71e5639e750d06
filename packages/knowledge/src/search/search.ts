import type { Orm } from '@supervisor/db';
import { and, eq, gte, inArray } from 'drizzle-orm';
import type { Caller, Kind } from '../entry.js';
import { searchLexically, type AskedTerm, type Match, type SearchedScope } from '../lexical/search.js';
import { knowledgeChunks, knowledgeEntries, knowledgeScopes } from '../schema.js';
import { alive } from '../store/read.js';
import { compare, fuse, recency, usefulness, type ScoreParts } from './rank.js';
import { chooseScopes } from './scopes.js';
import { estimateTokens } from './tokens.js';

export interface SearchOptions {
  /** Only these; else the caller's own project and what every project shares. */
  projects?: string[] | undefined;
  kinds?: Kind[] | undefined;
  /** Only what was learned or changed at this instant (ISO 8601) or later. */
  since?: string | undefined;
  /** At most this many chunks; 10 when left out. */
  limit?: number | undefined;
  /** `auto` uses vectors where there are any. */
  mode?: 'auto' | 'lexical' | 'hybrid' | undefined;
  /** The answer ends before the chunk that would pass this many tokens. */
  maxTokens?: number | undefined;
  explain?: boolean | undefined;
}

export interface Hit {
  id: number;
  project: string;
  kind: Kind;
  title: string;
  /** The chunk; `get` has the whole entry. */
  text: string;
  source: string | null;
  heading: string;
  startLine: number;
  endLine: number;
  updatedAt: string;
  supersededBy: number | null;
  score: number;
  score_parts: ScoreParts;
}

export interface Answer {
  /** What was really done. */
  mode: 'lexical' | 'hybrid';
  embedder: string | null;
  /** Why not what was asked for. */
  note?: string;
  results: Hit[];
  /** Chunks that matched well but did not fit into maxTokens. */
  omitted: number;
  terms?: AskedTerm[];
}

/** Finds chunks by what they mean, beside their words. */
export interface SemanticSearch {
  embedder: string;
  /** What its cosine is worth beside BM25. */
  alpha: number;
  /** The nearest chunks of the scopes, and the cosines of the `known` ones. */
  nearest(question: string, scopes: readonly SearchedScope[], known: readonly number[], most: number): Promise<Map<number, number>>;
}

const candidates = 200;
// A filter on time is applied to the candidates: there must be more of them.
const filteredCandidates = 2000;
// A long document must not fill the answer.
const mostOfOneEntry = 2;

export async function search(
  orm: Orm,
  question: string,
  options: SearchOptions,
  caller: Caller,
  now: Date,
  semantic?: SemanticSearch | { unavailable: string },
): Promise<Answer> {
  const scopes = await chooseScopes(orm, caller, options);
  const most = options.since === undefined ? candidates : filteredCandidates;
  const lexical = await searchLexically(orm, question, scopes, most);
  const cosines = await nearestBy(semantic, question, scopes, lexical.matches);
  const alpha = semantic && 'alpha' in semantic && cosines.found ? semantic.alpha : 0;
  const rows = await readHits(orm, [...new Set([...lexical.matches.map(({ chunk }) => chunk), ...cosines.byChunk.keys()])], options, now);
  const bm25 = new Map(lexical.matches.map(({ chunk, score }) => [chunk, score]));
  const best = Math.max(0, ...rows.map(({ chunk }) => bm25.get(chunk) ?? 0));
  const ranked = rows
    .map(({ chunk, helped, misled, ...hit }) => {
      const parts: ScoreParts = {
        bm25: round(bm25.get(chunk) ?? 0),
        cosine: cosines.byChunk.get(chunk) ?? null,
        recency: round(recency(hit.updatedAt, now)),
        usefulness: round(usefulness(helped.length, misled.length)),
        superseded: hit.supersededBy !== null,
      };
      return { chunk, ...hit, score: fuse({ ...parts, bm25: bm25.get(chunk) ?? 0 }, best, alpha), score_parts: parts };
    })
    .toSorted((one, other) => compare(one, other) || one.chunk - other.chunk);
  const { results, omitted } = await cutToFit(orm, ranked, options);
  return {
    mode: cosines.found ? 'hybrid' : 'lexical',
    embedder: cosines.found && semantic && 'embedder' in semantic ? semantic.embedder : null,
    ...(cosines.note === undefined ? {} : { note: cosines.note }),
    results,
    omitted,
    ...(options.explain ? { terms: lexical.terms } : {}),
  };
}

async function nearestBy(
  semantic: SemanticSearch | { unavailable: string } | undefined,
  question: string,
  scopes: readonly SearchedScope[],
  matches: readonly Match[],
): Promise<{ found: boolean; byChunk: Map<number, number>; note?: string }> {
  const none = { found: false, byChunk: new Map<number, number>() };
  if (!semantic) return none;
  if ('unavailable' in semantic) return { ...none, note: semantic.unavailable };
  const known = matches.map(({ chunk }) => chunk);
  return { found: true, byChunk: await semantic.nearest(question, scopes, known, candidates) };
}

function readHits(orm: Orm, chunks: number[], { since }: SearchOptions, now: Date) {
  if (chunks.length === 0) return Promise.resolve([]);
  return orm
    .select({
      chunk: knowledgeChunks.id,
      id: knowledgeEntries.id,
      updatedAt: knowledgeEntries.updatedAt,
      supersededBy: knowledgeEntries.supersededBy,
      helped: knowledgeEntries.helped,
      misled: knowledgeEntries.misled,
    })
    .from(knowledgeChunks)
    .innerJoin(knowledgeEntries, eq(knowledgeEntries.id, knowledgeChunks.entry))
    .where(and(inArray(knowledgeChunks.id, chunks), alive(now), since === undefined ? undefined : gte(knowledgeEntries.updatedAt, since)));
}

type RankedRow = Pick<Hit, 'id' | 'updatedAt' | 'supersededBy' | 'score' | 'score_parts'> & { chunk: number };

async function cutToFit(orm: Orm, ranked: readonly RankedRow[], options: SearchOptions): Promise<{ results: Hit[]; omitted: number }> {
  const limit = options.limit ?? 10;
  const ofEntry = new Map<number, number>();
  const chosen: RankedRow[] = [];
  for (const row of ranked) {
    const taken = ofEntry.get(row.id) ?? 0;
    if (taken === mostOfOneEntry) continue;
    ofEntry.set(row.id, taken + 1);
    chosen.push(row);
    if (chosen.length === limit) break;
  }
  if (chosen.length === 0) return { results: [], omitted: 0 };
  const texts = await orm
    .select({
      chunk: knowledgeChunks.id,
      project: knowledgeScopes.project,
      kind: knowledgeScopes.kind,
      title: knowledgeEntries.title,
      text: knowledgeChunks.text,
      source: knowledgeEntries.source,
      heading: knowledgeChunks.heading,
      startLine: knowledgeChunks.startLine,
      endLine: knowledgeChunks.endLine,
    })
    .from(knowledgeChunks)
    .innerJoin(knowledgeEntries, eq(knowledgeEntries.id, knowledgeChunks.entry))
    .innerJoin(knowledgeScopes, eq(knowledgeScopes.id, knowledgeEntries.scope))
    .where(
      inArray(
        knowledgeChunks.id,
        chosen.map(({ chunk }) => chunk),
      ),
    );
  const byChunk = new Map(texts.map((row) => [row.chunk, row]));
  const results: Hit[] = [];
  let tokens = 0;
  for (const { chunk, ...row } of chosen) {
    const found = byChunk.get(chunk);
    // Forgotten a moment ago.
    if (!found) continue;
    const { chunk: _chunk, kind, ...text } = found;
    tokens += estimateTokens(text.text + text.heading + (text.source ?? ''));
    if (tokens > (options.maxTokens ?? Infinity)) return { results, omitted: chosen.length - results.length };
    results.push({ ...row, ...text, kind: kind as Kind, score: round(row.score) });
  }
  return { results, omitted: 0 };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

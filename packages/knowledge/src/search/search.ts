import type { Orm } from '@supervisor/db';
import { and, eq, gte, inArray } from 'drizzle-orm';
import type { Caller, Kind } from '../entry.js';
import { searchLexically, searchSlips, type AskedTerm } from '../lexical/search.js';
import { knowledgeChunks, knowledgeEntries, knowledgeScopes } from '../schema.js';
import { alive } from '../store/read.js';
import type { VectorSource } from '../vectors/embedding.js';
import { compare, recency, scoreOf, usefulness, type ScoreParts } from './rank.js';
import { chooseScopes } from './scopes.js';
import { estimateTokens } from './tokens.js';
import { askVectors, completeCosines, mean } from './vectors.js';

export interface SearchOptions {
  /** Only these; else the caller's own project and what every project shares. */
  projects?: string[] | undefined;
  kinds?: Kind[] | undefined;
  /** Only what was learned or changed at this instant (ISO 8601) or later. */
  since?: string | undefined;
  /** At most this many chunks; 10 when left out. */
  limit?: number | undefined;
  /** Chunks that would pass this many tokens are left out; the best is cut to it. */
  maxTokens?: number | undefined;
  explain?: boolean | undefined;
  /** `lexical`: by words alone. `hybrid`, when left out: by vectors too, where there are some. */
  mode?: Mode | undefined;
}

export type Mode = 'lexical' | 'hybrid';

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
  results: Hit[];
  /** Chunks that matched well but did not fit into maxTokens. */
  omitted: number;
  /** How it was found. */
  mode: Mode;
  /** The model whose vectors were asked; null where only words were. */
  embedder: string | null;
  /** Why only words were asked, though there is a model; or that other words than those of the question were found. */
  reason?: string;
  terms?: AskedTerm[];
}

const candidates = 200;
// A filter on time is applied to the candidates: there must be more of them.
const filteredCandidates = 2000;
const bySlips = 'No word of the question is known: each of these has one that is a letter away.';
// A long document must not fill the answer.
const mostOfOneEntry = 2;

export async function search(
  orm: Orm,
  question: string,
  options: SearchOptions & { slips?: boolean },
  caller: Caller,
  now: Date,
  embedding?: VectorSource,
): Promise<Answer> {
  const scopes = await chooseScopes(orm, caller, options);
  const most = options.since === undefined ? candidates : filteredCandidates;
  const [found, near] = await Promise.all([
    searchLexically(orm, question, scopes, most),
    options.mode === 'lexical' || !embedding ? undefined : askVectors(orm, embedding, question, scopes, most),
  ]);
  // Only where nothing else is found: a slip is likelier there than a word that happens to look like another.
  const slipped = options.slips === true && found.matches.length === 0 && !near?.found;
  const { matches, terms } = slipped ? await searchSlips(orm, question, scopes, most) : found;
  const bm25 = new Map(matches.map(({ chunk, score }) => [chunk, score]));
  const cosines = near && (await completeCosines(orm, near, scopes, [...bm25.keys()]));
  const rows = await readHits(orm, [...new Set([...bm25.keys(), ...(cosines?.keys() ?? [])])], options, now);
  const best = Math.max(0, ...rows.map(({ chunk }) => bm25.get(chunk) ?? 0));
  // One that has no vector yet is neither ahead nor behind for it.
  const usual = cosines && mean([...bm25.keys()].flatMap((chunk) => cosines.get(chunk) ?? []));
  const ranked = rows
    .map(({ chunk, helped, misled, ...hit }) => {
      const parts: ScoreParts = {
        bm25: bm25.get(chunk) ?? 0,
        ...(cosines && { cosine: cosines.get(chunk) ?? usual!, weight: near.weight }),
        recency: recency(hit.updatedAt, now),
        usefulness: usefulness(helped.length, misled.length),
        superseded: hit.supersededBy !== null,
      };
      return { chunk, ...hit, score: scoreOf(parts, best), score_parts: parts };
    })
    .toSorted((one, other) => compare(one, other) || one.chunk - other.chunk);
  const { results, omitted } = await cutToFit(orm, ranked, options);
  const reasons = [...(near?.reason === undefined ? [] : [near.reason]), ...(slipped && results.length > 0 ? [bySlips] : [])];
  const how = cosines ? { mode: 'hybrid' as const, embedder: near.embedder } : { mode: 'lexical' as const, embedder: null };
  return {
    results,
    omitted,
    ...how,
    ...(reasons.length === 0 ? {} : { reason: reasons.join(' ') }),
    ...(options.explain ? { terms } : {}),
  };
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
  let omitted = 0;
  for (const { chunk, ...row } of chosen) {
    const found = byChunk.get(chunk);
    // Forgotten a moment ago.
    if (!found) continue;
    const { chunk: _chunk, kind, ...text } = found;
    const cost = (some: string) => estimateTokens(some + text.heading + (text.source ?? ''));
    const left = (options.maxTokens ?? Infinity) - tokens;
    // Of the best one there is at least the beginning: nothing would look as if nothing were known.
    if (results.length === 0) text.text = beginningOf(text.text, (some) => cost(some) <= left);
    else if (cost(text.text) > left) {
      omitted++;
      continue;
    }
    tokens += cost(text.text);
    results.push({ ...row, ...text, kind: kind as Kind, score: round(row.score), score_parts: rounded(row.score_parts) });
  }
  return { results, omitted };
}

function beginningOf(text: string, fits: (text: string) => boolean): string {
  let cut = text;
  for (let { length } = text; !fits(cut) && length > 100;) {
    length = Math.floor(length / 2);
    cut = `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…`;
  }
  return cut;
}

function rounded(parts: ScoreParts): ScoreParts {
  return {
    ...parts,
    bm25: round(parts.bm25),
    ...(parts.cosine === undefined ? {} : { cosine: round(parts.cosine) }),
    recency: round(parts.recency),
    usefulness: round(parts.usefulness),
  };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

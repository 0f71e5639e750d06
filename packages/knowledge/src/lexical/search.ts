import { rows, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import type { Language } from '../text/stem.js';
import { termId } from '../text/term-id.js';
import { slipTerms } from '../text/slips.js';
import { queryTerms } from '../text/terms.js';
import { b, inverseFrequency, k1 } from './bm25.js';
import { blockBits, countBits, lengthBits } from './hit.js';
import { list } from './write.js';

/** A part of the collection that is searched, with its size. */
export interface SearchedScope {
  id: number;
  language: Language;
  chunks: number;
  words: number;
}

/** How well a chunk matches, by BM25. */
export interface Match {
  chunk: number;
  score: number;
}

/** What a term of the question contributed: for explanations. */
export interface AskedTerm {
  term: string;
  /** How many chunks have it, of those that were searched. */
  frequency: number;
  weight: number;
}

export interface Found {
  matches: Match[];
  terms: AskedTerm[];
}

// The rarest terms choose the candidates, as long as no more hits than this must be read; the others only score the candidates. It
// bounds what a question costs however large the collection is, and changes nothing in one with fewer hits.
const mostHits = 20_000;
// Each term is looked up in each scope: a long question over many projects is asked with its first terms.
const mostLookups = 10_000;
const fewestTerms = 32;
// A word has hundreds of slips, and hardly any of them is there. Rare, as it is only where nothing else is found.
const mostSlipLookups = 50_000;

/**
 * The best chunks for a question, by BM25 over exactly the scopes given: how rare a word is depends on nothing that the caller may not see.
 */
export function searchLexically(
  orm: Orm,
  question: string,
  scopes: readonly SearchedScope[],
  most: number,
  hitsAtMost = mostHits,
): Promise<Found> {
  const termsIn: TermsIn = (language, ids) =>
    [...queryTerms(question, language)].slice(0, Math.max(fewestTerms, Math.floor(mostLookups / Math.max(1, ids.length))));
  return searchTerms(orm, termsIn, scopes, most, hitsAtMost);
}

/** The same for a question none of whose words is known: with those that it may have meant. */
export function searchSlips(orm: Orm, question: string, scopes: readonly SearchedScope[], most: number): Promise<Found> {
  const termsIn: TermsIn = async (language, ids) =>
    (await slipTerms(question, language, Math.floor(mostSlipLookups / Math.max(1, ids.length)))).map((term) => [term, 1]);
  return searchTerms(orm, termsIn, scopes, most, mostHits);
}

/** What is looked up in scopes of one language, and how often it was said. */
type TermsIn = (language: Language, scopes: readonly number[]) => [string, number][] | Promise<[string, number][]>;

async function searchTerms(orm: Orm, termsIn: TermsIn, scopes: readonly SearchedScope[], most: number, hitsAtMost: number): Promise<Found> {
  const languages = [...new Set(scopes.map(({ language }) => language))];
  const asked = new Map<string, { times: number; scopes: number[] }>();
  for (const language of languages) {
    const ids = scopes.filter((scope) => scope.language === language && scope.chunks > 0).map(({ id }) => id);
    for (const [term, times] of await termsIn(language, ids)) {
      const known = asked.get(term);
      asked.set(term, { times, scopes: [...(known?.scopes ?? []), ...ids] });
    }
  }
  const chunks = scopes.reduce((sum, scope) => sum + scope.chunks, 0);
  const meanLength = scopes.reduce((sum, scope) => sum + scope.words, 0) / Math.max(1, chunks);
  const frequencies = await countFrequencies(orm, asked);
  const terms = [...asked]
    .map(([term, { times, scopes: ids }]) => {
      const frequency = frequencies.get(termId(term)) ?? 0;
      return { term, scopes: ids, frequency, weight: times * inverseFrequency(chunks, frequency) };
    })
    .filter(({ frequency }) => frequency > 0)
    .toSorted((one, other) => one.frequency - other.frequency);
  if (terms.length === 0) return { matches: [], terms: [] };
  let read = 0;
  const rare = terms.filter(({ frequency }, index) => (read += frequency) <= hitsAtMost || index === 0);
  const matches = await score(orm, rare, terms.slice(rare.length), meanLength, most);
  return { matches, terms: terms.map(({ term, frequency, weight }) => ({ term, frequency, weight })) };
}

async function countFrequencies(orm: Orm, asked: ReadonlyMap<string, { scopes: number[] }>): Promise<Map<number, number>> {
  const pairs = [...asked].flatMap(([term, { scopes }]) => scopes.map((scope) => ({ scope, term: termId(term) })));
  if (pairs.length === 0) return new Map();
  const found = await rows<{ term: string | number; frequency: number }>(
    orm,
    sql`select term, sum(size)::int as frequency
      from unnest(${list(pairs.map(({ scope }) => scope))}::int[], ${list(pairs.map(({ term }) => term))}::int8[]) as asked(scope, term)
      join supervisor.knowledge_postings using (scope, term) group by term`,
  );
  return new Map(found.map(({ term, frequency }) => [Number(term), frequency]));
}

interface WeightedTerm extends AskedTerm {
  scopes: number[];
}

const raw = (value: number) => sql.raw(String(value));
const place = sql`(hit >> ${raw(countBits + lengthBits)})`;
// As floats from the start: a literal with a point is a numeric, and arithmetic on those takes three times as long as all the rest.
const times = sql`((hit >> ${raw(lengthBits)}) & ${raw(2 ** countBits - 1)})::float8`;
const length = sql`(hit & ${raw(2 ** lengthBits - 1)})::float8`;

async function score(
  orm: Orm,
  rare: readonly WeightedTerm[],
  common: readonly WeightedTerm[],
  meanLength: number,
  most: number,
): Promise<Match[]> {
  const perWord = (k1 * b) / meanLength;
  const part = sql`sum(weight * ${times} / (${times} + (${k1 * (1 - b)}::float8 + ${perWord}::float8 * ${length})))`;
  const best = sql`
    select (block << ${raw(blockBits)}) + ${place} as chunk, min(scope) as in_scope, ${k1 + 1}::float8 * ${part} as score
    from ${table(rare)} join supervisor.knowledge_postings using (scope, term) cross join lateral unnest(hits) as hit
    group by 1 order by score desc, chunk limit ${most}`;
  if (common.length === 0) return rows<Match>(orm, best);
  // Hits are in the order of their places: the one that is wanted is looked up, not found by going through all. A chunk is in one scope,
  // and the offset keeps each row of the index a lookup of its own, whatever is thought of the table's size.
  const wanted = sql`(chunk & ${raw(2 ** blockBits - 1)})`;
  return rows<Match>(
    orm,
    sql`with best as materialized (${best})
      select chunk, score + coalesce((
        select ${k1 + 1}::float8 * ${part} from ${table(common)} cross join lateral (
            select hits from supervisor.knowledge_postings p
            where p.scope = in_scope and p.term = asked.term and p.block = chunk >> ${raw(blockBits)} offset 0) posting
          cross join lateral (select hits[width_bucket(${wanted} << ${raw(countBits + lengthBits)}, hits) + 1] as hit) found
        where asked.scope = in_scope and ${place} = ${wanted}), 0) as score
      from best order by score desc, chunk`,
  );
}

function table(terms: readonly WeightedTerm[]) {
  const pairs = terms.flatMap(({ term, weight, scopes }) => scopes.map((scope) => ({ scope, term: termId(term), weight })));
  const [scopes, ids, weights] = [pairs.map(({ scope }) => scope), pairs.map(({ term }) => term), pairs.map(({ weight }) => weight)];
  return sql`unnest(${list(scopes)}::int[], ${list(ids)}::int8[], ${list(weights)}::float8[]) as asked(scope, term, weight)`;
}

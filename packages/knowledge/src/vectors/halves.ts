import { rows, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import type { Redact } from '../entry.js';
import { inverseFrequency } from '../lexical/bm25.js';
import { list } from '../lexical/write.js';
import type { Language } from '../text/stem.js';
import { termsOf } from '../text/terms.js';
import { embedTexts, type Embedder } from './embedder.js';
import { usualWeight, type Measured } from './weight.js';

const mostTexts = 64;
const fewestTexts = 24;
const shortest = 200;
// Ids have gaps, and many chunks are short.
const drawn = 400;

/**
 * Tries a model on the texts that are there: how well one half of a text finds its other half among those of others. A model that knows
 * nothing does it by chance and counts nothing; one that does it as well as words counts as usual; less well, less.
 * @returns undefined while there are too few texts to tell
 */
export async function weighByHalves(
  orm: Orm,
  embedder: Embedder,
  redact: Redact,
  signal: AbortSignal,
): Promise<{ weight: number; measured: Measured } | undefined> {
  const texts = await sample(orm);
  if (texts.length < fewestTexts) return undefined;
  const halves: { first: string; second: string; language: Language }[] = [];
  for (const { text, language } of texts) {
    const [first, second] = cut((await redact(text)).text);
    halves.push({ first, second, language });
  }
  const asked = await embedTexts(
    embedder,
    halves.map(({ first }) => first),
    'query',
    signal,
  );
  const kept = await embedTexts(
    embedder,
    halves.map(({ second }) => second),
    'document',
    signal,
  );
  const model = found(halves.length, (one, other) => dot(asked[one]!, kept[other]!));
  const words = found(halves.length, wordSimilarity(halves));
  const share = words <= 0 ? 0 : Math.min(1, Math.max(0, model / words));
  // What is left of chance among so few texts counts nothing.
  const weight = model < 0.15 ? 0 : Math.round(100 * usualWeight * share) / 100;
  return { weight, measured: { by: 'halves', texts: halves.length, words: round(words), model: round(model) } };
}

async function sample(orm: Orm): Promise<{ text: string; language: Language }[]> {
  const [ends] = await rows<{ first: number | null; last: number | null }>(
    orm,
    sql`select (select min(id) from supervisor.knowledge_chunks) as first, (select max(id) from supervisor.knowledge_chunks) as last`,
  );
  if (ends?.first == null || ends.last == null) return [];
  const span = ends.last - ends.first + 1;
  const step = Math.max(1, span / drawn);
  const ids = Array.from({ length: Math.min(drawn, span) }, (_, index) => ends.first! + Math.floor(index * step));
  const chunks = await rows<{ text: string; language: Language }>(
    orm,
    sql`select c.text, s.language from supervisor.knowledge_chunks c join supervisor.knowledge_entries e on e.id = c.entry
      join supervisor.knowledge_scopes s on s.id = e.scope where c.id = any(${list(ids)}::int[]) and length(c.text) >= ${shortest} order by c.id`,
  );
  // Evenly from all of them: neighbours are often of one document.
  const every = Math.max(1, chunks.length / mostTexts);
  return Array.from({ length: Math.min(mostTexts, chunks.length) }, (_, index) => chunks[Math.floor(index * every)]!);
}

function cut(text: string): [string, string] {
  const space = text.indexOf(' ', text.length / 2);
  const middle = space === -1 ? text.length >> 1 : space;
  return [text.slice(0, middle), text.slice(middle)];
}

/** The mean reciprocal rank of each text's own other half, from 0 by chance to 1. */
function found(count: number, similarity: (one: number, other: number) => number): number {
  let sum = 0;
  let chance = 0;
  for (let one = 0; one < count; one++) {
    const own = similarity(one, one);
    let better = 0;
    let equal = 0;
    for (let other = 0; other < count; other++) {
      const value = similarity(one, other);
      if (value > own) better++;
      else if (value === own && other !== one) equal++;
    }
    sum += 1 / (1 + better + equal / 2);
    chance += 1 / (one + 1);
  }
  return (sum - chance) / (count - chance);
}

function wordSimilarity(halves: readonly { first: string; second: string; language: Language }[]) {
  const terms = halves.map(({ first, second, language }) => [termsOf(first, language).counts, termsOf(second, language).counts] as const);
  const frequency = new Map<string, number>();
  for (const [, second] of terms) for (const term of second.keys()) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  const weigh = (counts: ReadonlyMap<string, number>) => {
    const weights = [...counts].map(
      ([term, count]) => [term, (1 + Math.log(count)) * inverseFrequency(halves.length, frequency.get(term) ?? 0)] as const,
    );
    const length = Math.sqrt(weights.reduce((sum, [, weight]) => sum + weight * weight, 0)) || 1;
    return new Map(weights.map(([term, weight]) => [term, weight / length]));
  };
  const weighed = terms.map(([first, second]) => [weigh(first), weigh(second)] as const);
  return (one: number, other: number) => {
    let sum = 0;
    for (const [term, weight] of weighed[one]![0]) sum += weight * (weighed[other]![1].get(term) ?? 0);
    return sum;
  };
}

function dot(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + value * other[index]!, 0);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

import { SupervisorError } from '@supervisor/core';
import { interval } from '../evaluate/bootstrap.js';
import { judge } from '../evaluate/metrics.js';
import { scoreOf } from '../search/rank.js';
import type { Hit } from '../search/search.js';
import type { Measured } from './weight.js';

/** A question, and the entry that answers it: by its id, or by its source. */
export interface Pair {
  query: string;
  id?: number | undefined;
  source?: string | undefined;
}

export type Calibration = { weight: number } & Omit<Extract<Measured, { by: 'pairs' }>, 'by'>;

/** Fewer say nothing that could not be chance. */
export const fewestPairs = 20;
const weights = [0, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3];

/**
 * The weight with the best nDCG@10 of those that are not worse than words alone in 95 of 100 resamplings of the pairs; 0 is always one.
 * @param find candidates for a question with the parts of their score, of words and of vectors
 */
export async function calibrate(pairs: readonly Pair[], find: (query: string) => Promise<readonly Hit[]>): Promise<Calibration> {
  if (pairs.length < fewestPairs)
    throw new SupervisorError('invalid_input', `pairs: ${pairs.length} say too little. Give at least ${fewestPairs}.`);
  const byWeight = weights.map((): number[] => []);
  for (const pair of pairs) {
    const hits = await find(pair.query);
    const right = (hit: Hit) => (pair.id === undefined ? hit.source === pair.source : hit.id === pair.id);
    // What neither words nor vectors find is found with no weight.
    for (const [index, weight] of weights.entries()) byWeight[index]!.push(quality(hits, right, weight));
  }
  const lexical = byWeight[0]!;
  const measured = weights.map((weight, index) => {
    const { mean, low, high } = interval(byWeight[index]!.map((value, at) => value - lexical[at]!));
    return { weight, gain: mean, low, high };
  });
  const chosen = measured.filter(({ low }) => low >= 0).reduce((best, one) => (one.gain > best.gain ? one : best));
  const base = lexical.reduce((sum, value) => sum + value, 0) / lexical.length;
  const { weight, gain, low, high } = chosen;
  return { weight, pairs: pairs.length, lexical: round(base), hybrid: round(base + gain), low: round(low), high: round(high) };
}

function quality(hits: readonly Hit[], right: (hit: Hit) => boolean, weight: number): number {
  const best = Math.max(0, ...hits.map(({ score_parts }) => score_parts.bm25));
  const scored = hits.map((hit) => ({ hit, score: scoreOf({ ...hit.score_parts, weight }, best) }));
  const ranked = scored.toSorted((one, other) => other.score - one.score).map(({ hit }) => hit);
  // Several chunks of one entry are one answer.
  const entries = [...new Map(ranked.map((hit) => [String(hit.id), hit])).entries()];
  const found = entries.find(([, hit]) => right(hit));
  return judge(
    entries.map(([id]) => id),
    new Map([[found?.[0] ?? 'none', 1]]),
  ).ndcg10;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

import type { Replayed, PastTask } from './replay.js';

/** How well estimates held. Shares 0–1; losses in seconds. */
export interface Score {
  /** Tasks that had an estimate; the first ones have none. */
  count: number;
  /** The share of outcomes inside [p10, p90]. */
  coverage: number;
  /** The same in each tenth of the stream. */
  tenths: number[];
  /** Mean pinball loss at 50 % of the estimates, and of the median of all earlier tasks of the type. */
  pinball: { p50: number; typeMedian: number };
  /** The same over 10, 50, 80 and 90 %. */
  pinballAll: { estimates: number; typeMedian: number };
}

/** The loss of a quantile (Koenker & Bassett 1978): what is missed, dear on the side it promised to be rare. */
export function pinball(level: number, said: number, actual: number): number {
  return actual >= said ? level * (actual - said) : (1 - level) * (said - actual);
}

/** @returns null when nothing had an estimate */
export function score(replayed: readonly Replayed<PastTask>[]): Score | null {
  const estimated = replayed.flatMap(({ task, estimate, typeMedian }) =>
    // Both must have had something to say; a new type is asked of its whole history, which is none.
    estimate ? [{ actual: task.actualSeconds, estimate, typeMedian: typeMedian ?? estimate.p50 }] : [],
  );
  if (estimated.length === 0) return null;
  const held = estimated.map(({ actual, estimate: { p10, p90 } }) => Number(p10 <= actual && actual <= p90));
  const tenth = (index: number) => held.slice(Math.floor((held.length * index) / 10), Math.floor((held.length * (index + 1)) / 10));
  const levels = { p10: 0.1, p50: 0.5, p80: 0.8, p90: 0.9 };
  const names = Object.keys(levels) as (keyof typeof levels)[];
  return {
    count: estimated.length,
    coverage: mean(held),
    tenths: Array.from({ length: 10 }, (_, index) => mean(tenth(index))),
    pinball: {
      p50: mean(estimated.map(({ actual, estimate }) => pinball(0.5, estimate.p50, actual))),
      typeMedian: mean(estimated.map(({ actual, typeMedian }) => pinball(0.5, typeMedian, actual))),
    },
    pinballAll: {
      estimates: mean(names.flatMap((name) => estimated.map(({ actual, estimate }) => pinball(levels[name], estimate[name], actual)))),
      typeMedian: mean(names.flatMap((name) => estimated.map(({ actual, typeMedian }) => pinball(levels[name], typeMedian, actual)))),
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
}

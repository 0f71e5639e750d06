import type { Bin } from './estimate/histogram.js';

/** What finished tasks took. Durations are of completed tasks, in seconds; null where there is none. */
export interface Stats {
  count: number;
  completed: number;
  failed: number;
  abandoned: number;
  running: number;
  /** Completed of all that ended, 0–1. */
  successRate: number | null;
  meanSeconds: number | null;
  p50Seconds: number | null;
  p80Seconds: number | null;
  p90Seconds: number | null;
  /** Median of actual ÷ estimated, over completed tasks with an estimate. */
  actualToEstimate: number | null;
  /**
   * Median of the latest tasks ÷ median of all: below 1 they get faster. Null where several rollups answer together: which tasks
   * of one are later than those of another they do not know.
   */
  trend: number | null;
}

/** What several rollups say together. */
export interface Tally {
  rollups: number;
  completed: number;
  failed: number;
  abandoned: number;
  running: number;
  totalSeconds: number;
  seconds: Bins;
  ratios: Bins;
}

/** Bins of several histograms, added up. */
export class Bins {
  readonly #bins = new Map<number, Bin>();

  add(bins: readonly Bin[]): void {
    for (const bin of bins) {
      const known = this.#bins.get(bin.index);
      if (!known) {
        this.#bins.set(bin.index, { ...bin });
        continue;
      }
      known.count += bin.count;
      known.weight += bin.weight;
      known.low = Math.min(known.low, bin.low);
      known.high = Math.max(known.high, bin.high);
    }
  }

  get count(): number {
    return [...this.#bins.values()].reduce((sum, bin) => sum + bin.count, 0);
  }

  /**
   * Between the two values that lie around this share of all, as `percentile_cont`; exact where a bin holds at most two values
   * or all of one size, else within the 10 % that a bin is wide.
   */
  percentile(share: number, by: 'count' | 'weight' = 'count'): number | null {
    const bins = [...this.#bins.values()].toSorted((a, b) => a.index - b.index);
    const total = bins.reduce((sum, bin) => sum + bin[by], 0);
    if (total === 0) return null;
    const rank = share * Math.max(0, total - 1);
    const [lower, upper] = [valueAt(bins, Math.floor(rank), by), valueAt(bins, Math.ceil(rank), by)];
    return lower + (upper - lower) * (rank - Math.floor(rank));
  }
}

export function noTally(): Tally {
  return { rollups: 0, completed: 0, failed: 0, abandoned: 0, running: 0, totalSeconds: 0, seconds: new Bins(), ratios: new Bins() };
}

export function statsOf({ rollups, completed, failed, abandoned, running, totalSeconds, seconds, ratios }: Tally): Stats {
  const ended = completed + failed + abandoned;
  const median = seconds.percentile(0.5);
  const recent = rollups === 1 ? seconds.percentile(0.5, 'weight') : null;
  return {
    count: ended + running,
    completed,
    failed,
    abandoned,
    running,
    successRate: ended === 0 ? null : completed / ended,
    meanSeconds: seconds.count === 0 ? null : totalSeconds / seconds.count,
    p50Seconds: median,
    p80Seconds: seconds.percentile(0.8),
    p90Seconds: seconds.percentile(0.9),
    actualToEstimate: ratios.percentile(0.5),
    trend: median && recent !== null ? recent / median : null,
  };
}

/** The value with so many before it, 0 is the lowest; a bin's values lie evenly from its lowest to its highest. */
function valueAt(bins: readonly Bin[], rank: number, by: 'count' | 'weight'): number {
  let before = 0;
  for (const bin of bins) {
    if (rank < before + bin[by]) return bin.low + ((bin.high - bin.low) * (rank - before)) / Math.max(1, bin[by] - 1);
    before += bin[by];
  }
  return bins.at(-1)!.high;
}

import { binWidth, type Bin, type Histogram } from './histogram.js';

// A key speaks for itself to the half when it has seen ten values.
const priorWeight = 10;
// Beyond what was ever seen, each percent of level is a fifth more.
const tailGrowth = 20;
// With fewer values than this the next one lies beyond the outermost more often than in one of ten.
const fewValues = 9;
// How far beyond, in spreads for each value's share, and at most. Measured: see the test.
const outerGrowth = { perSpread: 1.6 * binWidth, most: 4 };
// Where an average over levels is taken.
const samples = 4;

interface Part {
  bin: Bin;
  mass: number;
}

/**
 * The distribution of the most specific key, filled up with that of its parent, and so on:
 * F = (n·F_key + k·F_parent) / (n + k).
 */
export class Mixture {
  /** How much of the answer comes from the values of each level, which are among those of the levels before it. */
  readonly shares: readonly number[];
  /** How many values of one weight would say as much (Kish 1965). */
  readonly size: number;
  // Ordered by bin; several of one bin where several levels have it.
  readonly #parts: Part[] = [];

  /** @param levels from the general to the specific; empty ones say nothing, and at least one is not empty */
  constructor(levels: readonly Histogram[]) {
    const weights = levels.map(({ weight }) => weight);
    const given = givenBy(weights);
    const scales = weights.map((weight, level) => (weight > 0 ? given[level]! / weight : 0));
    this.shares = weights.map((own) => weights.reduce((sum, weight, level) => sum + scales[level]! * Math.min(own, weight), 0));
    let [each, squares] = [0, 0];
    for (const [level, scale] of scales.entries()) {
      each += scale;
      // Those that no more specific level has too.
      squares += Math.max(0, weights[level]! - Math.max(0, ...weights.slice(level + 1))) * each ** 2;
    }
    this.size = 1 / squares;
    for (const [level, { bins }] of levels.entries()) {
      for (const bin of bins) this.#parts.push({ bin, mass: bin.weight * scales[level]! });
    }
    this.#parts.sort((a, b) => a.bin.index - b.bin.index);
  }

  /** The smallest value with at least this share of the mass at or below it; a level outside 0–1 lies beyond all values. */
  quantile(level: number): number {
    if (level <= 0) return Math.min(...this.#edge(0).map(({ low }) => low)) * Math.exp(tailGrowth * level);
    const parts = this.#parts;
    let below = 0;
    for (let from = 0, to = 0; from < parts.length; from = to) {
      let mass = 0;
      while (to < parts.length && parts[to]!.bin.index === parts[from]!.bin.index) mass += parts[to++]!.mass;
      if (below + mass >= level) return within(parts.slice(from, to), level - below);
      below += mass;
    }
    return Math.max(...this.#edge(-1).map(({ high }) => high)) * Math.exp(tailGrowth * Math.max(0, level - 1));
  }

  /**
   * A function that gives the value which the next one will not exceed with such a probability. Of n values, k are below the next
   * one as often as any other number of them (Vovk et al., Algorithmic Learning in a Random World, 2005): it is the one at
   * (n + 1) · level, or lies between two, or beyond all.
   */
  next(): (level: number) => number {
    const { size } = this;
    const growth = Math.min(outerGrowth.most, outerGrowth.perSpread * this.spread());
    return (level) => {
      const share = clamp(level, 0, 1);
      let value = 0;
      for (let sample = 0; sample < samples; sample++) {
        const wanted = level + (share - (sample + 0.5) / samples) / size;
        const seen = this.quantile(clamp(wanted, Math.min(0, level), Math.max(1, level)));
        // So that what is always the same stays exactly as it is.
        value += (seen - value) / (sample + 1);
      }
      if (size >= fewValues) return value;
      const place = (size + 1) * share;
      return value * Math.exp(growth * (place - clamp(place, 1, Math.max(1, size))));
    };
  }

  // The lowest bin of all levels, or the highest.
  #edge(end: 0 | -1): Bin[] {
    const { index } = this.#parts.at(end)!.bin;
    return this.#parts.map(({ bin }) => bin).filter((bin) => bin.index === index);
  }

  /** The share of the mass at or below a value. */
  levelOf(value: number): number {
    return this.#parts.reduce((sum, { bin, mass }) => sum + mass * (bin.high <= value ? 1 : shareBelow(bin, value)), 0);
  }

  /** How far values lie from the median, on average, in bins. */
  spread(): number {
    let below = 0;
    const median = this.#parts.find(({ mass }) => (below += mass) >= 0.5)?.bin.index ?? 0;
    return this.#parts.reduce((sum, { bin, mass }) => sum + mass * Math.abs(bin.index - median), 0);
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** How much each level gives of itself, in the order given; together 1. */
function givenBy(weights: readonly number[]): number[] {
  let left = 1;
  const shares = weights.map(() => 0);
  const general = weights.findIndex((weight) => weight > 0);
  for (let level = weights.length - 1; level >= general; level--) {
    const weight = weights[level]!;
    shares[level] = level === general ? left : (left * weight) / (weight + priorWeight);
    left -= shares[level]!;
  }
  return shares;
}

/** Where in a bin this much of its mass has been reached: each level's part lies evenly between its own bounds. */
function within(parts: readonly Part[], mass: number): number {
  const edges = [...new Set(parts.flatMap(({ bin }) => [bin.low, bin.high]))].toSorted((a, b) => a - b);
  let from = edges[0]!;
  let reached = 0;
  for (const edge of edges) {
    const before = parts.reduce((sum, part) => sum + part.mass * shareBelow(part.bin, edge), 0);
    if (before >= mass && before > reached) return from + ((edge - from) * (mass - reached)) / (before - reached);
    const here = parts.reduce((sum, { bin, mass: own }) => sum + (bin.low === edge && bin.high === edge ? own : 0), 0);
    if (before + here >= mass) return edge;
    from = edge;
    reached = before + here;
  }
  return from;
}

/** The share of an evenly filled bin strictly below a value. */
function shareBelow({ low, high }: Bin, value: number): number {
  if (low === high) return value > low ? 1 : 0;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

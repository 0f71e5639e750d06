/** One bin: what fell between its bounds, and between which values it really lay. */
export interface Bin {
  index: number;
  /** How many values fell here. */
  count: number;
  /** The same, each counted less the more came after it. */
  weight: number;
  low: number;
  high: number;
}

/** A histogram as it is stored: `[index, count, weight, low, high]` for each bin, in order. */
export type StoredHistogram = [index: number, count: number, weight: number, low: number, high: number][];

/** Of the logarithm of a value. */
export const binWidth = Math.log(1.1);
// The second half of a history of 600 weighs twice the first.
const decay = 2 ** (-1 / 300);
const [smallest, largest] = [1e-6, 1e12];

/**
 * How values of zero or more are spread, in bins of 10 %. A bin keeps its lowest and highest value, so that the value that
 * all of them share (five minutes, or exactly the estimate) comes back as it was.
 */
export class Histogram {
  readonly #bins: Bin[];

  constructor(stored: StoredHistogram = []) {
    this.#bins = stored.map(([index, count, weight, low, high]) => ({ index, count, weight, low, high }));
  }

  get bins(): readonly Bin[] {
    return this.#bins;
  }

  /** How many values it has seen. */
  get count(): number {
    return this.#bins.reduce((sum, bin) => sum + bin.count, 0);
  }

  /** How many values it has seen, old ones counted less: at most 433. */
  get weight(): number {
    return this.#bins.reduce((sum, bin) => sum + bin.weight, 0);
  }

  /** Counts a value; all before it weigh a little less from now on. */
  add(value: number): void {
    for (const bin of this.#bins) bin.weight *= decay;
    const index = binOf(value);
    let place = 0;
    while (place < this.#bins.length && this.#bins[place]!.index < index) place++;
    const bin = this.#bins[place];
    if (bin?.index !== index) {
      this.#bins.splice(place, 0, { index, count: 1, weight: 1, low: value, high: value });
      return;
    }
    bin.count++;
    bin.weight++;
    bin.low = Math.min(bin.low, value);
    bin.high = Math.max(bin.high, value);
  }

  toJSON(): StoredHistogram {
    const short = (value: number, digits: number) => Number(value.toPrecision(digits));
    return this.#bins.map(({ index, count, weight, low, high }) => [index, count, short(weight, 6), short(low, 10), short(high, 10)]);
  }
}

function binOf(value: number): number {
  return Math.floor(Math.log(Math.min(Math.max(value, smallest), largest)) / binWidth);
}

/** A mean with the interval that holds it in 95 of 100 resamplings of the questions. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
}

const rounds = 2000;

export function interval(values: readonly number[], seed = 1): Interval {
  const random = randomFrom(seed);
  const means = Array.from({ length: rounds }, () => {
    let sum = 0;
    for (let index = 0; index < values.length; index++) sum += values[Math.floor(random() * values.length)]!;
    return sum / values.length;
  }).toSorted((a, b) => a - b);
  return { mean: mean(values), low: means[Math.floor(rounds * 0.025)]!, high: means[Math.ceil(rounds * 0.975) - 1]! };
}

/** How much one way is better than another on the same questions: an interval above 0 is no accident. */
export function pairedInterval(ours: readonly number[], theirs: readonly number[], seed = 1): Interval {
  return interval(
    ours.map((value, index) => value - theirs[index]!),
    seed,
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

// The same for a seed, so that a figure can be seen again (mulberry32).
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

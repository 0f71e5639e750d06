/** What an estimate says, in seconds or as a ratio: [p10, p90] is the 80 % interval. */
export interface Quantiles {
  p10: number;
  p50: number;
  p80: number;
  p90: number;
}

export const nominal: Readonly<Quantiles> = { p10: 0.1, p50: 0.5, p80: 0.8, p90: 0.9 };

// The interval follows a type that changes within some hundred of its tasks. The middle is not a promise, and calmer.
const step = { outer: 0.015, inner: 0.005 };
// An outer level goes no further in than this: where so many outcomes are equal that one side cannot be missed often enough,
// the other side moves in its place.
const innermost = { p10: 0.5, p90: 0.5 };

/**
 * The levels to ask a distribution for after an outcome, so that in the long run each estimate holds as often as it says,
 * whatever the outcomes do. The interval's two sides err separately; together they miss 20 %.
 */
export function adapt(levels: Readonly<Quantiles>, said: Readonly<Quantiles>, outcome: number): Quantiles {
  const below = levels.p10 + step.outer * (nominal.p10 - Number(outcome < said.p10));
  const above = levels.p90 + step.outer * (nominal.p90 - Number(outcome <= said.p90));
  const p10 = Math.min(below, innermost.p10);
  const p90 = Math.max(above, innermost.p90);
  // An outcome that is exactly the median is neither above nor below it.
  const half = (Number(outcome < said.p50) + Number(outcome <= said.p50)) / 2;
  return {
    p10: Math.min(p10 + (p90 - above), innermost.p10),
    p50: levels.p50 + step.inner * (nominal.p50 - half),
    p80: levels.p80 + step.inner * (nominal.p80 - Number(outcome <= said.p80)),
    p90: Math.max(p90 - (below - p10), innermost.p90),
  };
}

/** The quantiles at the levels, in order even where the corrections cross. */
export function quantilesAt(levels: Readonly<Quantiles>, quantile: (level: number) => number): Quantiles {
  const p10 = quantile(levels.p10);
  const p90 = Math.max(p10, quantile(levels.p90));
  const p50 = Math.min(Math.max(quantile(levels.p50), p10), p90);
  const p80 = Math.min(Math.max(quantile(levels.p80), p50), p90);
  return { p10, p50, p80, p90 };
}

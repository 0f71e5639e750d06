export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs every measurement once a round, A B A B …, so that a machine that slows down slows all of them.
 * The first round warms caches and does not count. Answers with what each took, round by round.
 */
export async function interleave(rounds, measurements) {
  const names = Object.keys(measurements);
  const taken = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const value = await measurements[name]();
      if (round > 0) taken[name].push(value);
    }
  }
  return taken;
}

/** The median of the rounds' ratios: both halves of a round met the same machine. */
export function medianRatio(ours, theirs) {
  return median(ours.map((value, round) => value / theirs[round]));
}

/** Both medians, as a figure's detail shows them. */
export function medians(ours, theirs, unit, digits = 0) {
  return `${median(ours).toFixed(digits)} ${unit} : ${median(theirs).toFixed(digits)} ${unit}`;
}

/** Levenshtein distance, given up (as Infinity) once it must exceed `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    if (Math.min(...row) > limit) return Infinity;
    previous = row;
  }
  return previous[b.length]!;
}

/** The known names that a typing slip could have turned into `name`, closest first, at most three. */
export function nearest(name: string, known: Iterable<string>): string[] {
  const wanted = name.slice(0, 200).toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 4));
  const found: { candidate: string; away: number }[] = [];
  for (const candidate of known) {
    if (candidate === name) continue;
    const away = distance(wanted, candidate.toLowerCase(), limit);
    if (away <= limit) found.push({ candidate, away });
  }
  return found
    .toSorted((a, b) => a.away - b.away || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

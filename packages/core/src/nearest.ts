import { SupervisorError, type ErrorCode } from './errors.js';

/** How many slips lie between two words: letters left out, added, replaced, or two neighbours exchanged. Infinity past `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let beforeThat: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (same ? 0 : 1));
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (exchanged) row[j] = Math.min(row[j]!, beforeThat[j - 2]! + 1);
    }
    if (Math.min(...row) > limit) return Infinity;
    [beforeThat, before] = [before, row];
  }
  return before[b.length]!;
}

/** The known names that a typing slip could have turned into `name`, closest first, at most three. */
export function nearest(name: string, known: Iterable<string>): string[] {
  const wanted = name.slice(0, 200).toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 4));
  const found: { candidate: string; away: number }[] = [];
  for (const candidate of new Set(known)) {
    if (candidate === name) continue;
    const away = distance(wanted, candidate.toLowerCase(), limit);
    if (away <= limit) found.push({ candidate, away });
  }
  return found
    .toSorted((a, b) => a.away - b.away || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** There is nothing of a name. The message goes on with the known names that come near it, or with what to do otherwise. */
export class NotFound extends SupervisorError {
  readonly #made: readonly [fact: string, name: string, known: readonly string[], otherwise: string, code: ErrorCode];

  /** @param fact such as `shop has no VM build.` */
  constructor(fact: string, name: string, known: Iterable<string>, otherwise: string, code: ErrorCode = 'not_found') {
    const names = [...known];
    const near = nearest(name, names);
    super(code, `${fact} ${near.length > 0 ? `Did you mean ${near.join(' or ')}?` : otherwise}`, { near });
    this.#made = [fact, name, names, otherwise, code];
  }

  /** The same for somebody who may hear of these names only. */
  toldOf(mayHear: (name: string) => boolean): NotFound {
    const [fact, name, known, otherwise, code] = this.#made;
    return new NotFound(fact, name, known.filter(mayHear), otherwise, code);
  }
}

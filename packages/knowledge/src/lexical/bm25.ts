/** The usual constants of BM25: how soon a repeated term stops to count, and how much a long text is held back. */
export const k1 = 1.2;
export const b = 0.75;

/** How much a term says: of `documents` texts, `frequency` have it. */
export function inverseFrequency(documents: number, frequency: number): number {
  return Math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5));
}

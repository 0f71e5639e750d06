/** What a chunk's place in the answer is made of. Factors are near 1: they order what matches alike, and never outweigh the match. */
export interface ScoreParts {
  /** BM25 as it is. */
  bm25: number;
  /** How near its vector is to the question's, −1 to 1; absent where only words were asked. */
  cosine?: number;
  /** What a cosine of 1 counts, where the best BM25 of the answer counts 1. */
  weight?: number;
  /** 1 to 1.05: half of it is gone after half a year. */
  recency: number;
  /** 0.9 to 1.1: by the projects it helped and misled. */
  usefulness: number;
  /** Something newer replaces it: it comes after all that is current. */
  superseded: boolean;
}

const halfLifeDays = 180;
const recencyShare = 0.05;
const usefulnessShare = 0.1;

export function recency(updatedAt: string, now: Date): number {
  const days = Math.max(0, now.getTime() - Date.parse(updatedAt)) / 86_400_000;
  return 1 + recencyShare * 2 ** (-days / halfLifeDays);
}

/** One voice says little, many say what they can: with no voice it is exactly 1. */
export function usefulness(helped: number, misled: number): number {
  return 1 + (usefulnessShare * (helped - misled)) / (helped + misled + 2);
}

export interface Ranked {
  score: number;
  score_parts: ScoreParts;
}

/** One number from the parts. `best` is the highest BM25 of the answer. */
export function scoreOf({ bm25, cosine = 0, weight = 0, recency, usefulness }: ScoreParts, best: number): number {
  return ((best > 0 ? bm25 / best : 0) + weight * cosine) * recency * usefulness;
}

export function compare(one: Ranked, other: Ranked): number {
  return Number(one.score_parts.superseded) - Number(other.score_parts.superseded) || other.score - one.score;
}

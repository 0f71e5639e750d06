/** How good one ranking is: of the ten first, and the place of the first right one. */
export interface Quality {
  ndcg10: number;
  recall10: number;
  mrr: number;
}

const depth = 10;

/** @param grades how right each document is, 0 or more; those not named are 0 */
export function judge(ranking: readonly string[], grades: ReadonlyMap<string, number>): Quality {
  const gains = ranking.slice(0, depth).map((id) => gain(grades.get(id) ?? 0));
  const ideal = [...grades.values()].map(gain).toSorted((a, b) => b - a);
  const right = [...grades.values()].filter((grade) => grade > 0).length;
  const found = ranking.slice(0, depth).filter((id) => (grades.get(id) ?? 0) > 0).length;
  const first = ranking.findIndex((id) => (grades.get(id) ?? 0) > 0);
  return {
    ndcg10: right === 0 ? 0 : discounted(gains) / discounted(ideal.slice(0, depth)),
    recall10: right === 0 ? 0 : found / right,
    mrr: first === -1 ? 0 : 1 / (first + 1),
  };
}

// Linear, as trec_eval has it: a grade of 2 is worth two of 1.
function gain(grade: number): number {
  return Math.max(0, grade);
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, value, index) => sum + value / Math.log2(index + 2), 0);
}

import { fileURLToPath } from 'node:url';
import { openDatabase, openInMemory } from '@supervisor/db';
import { evaluate, KnowledgeBase, readCollection } from '@supervisor/knowledge';

const collection = fileURLToPath(new URL('../../../packages/knowledge/collection/', import.meta.url));

/** The same collection and questions on both databases: their first ten answers agree. */
export const sameRanking = {
  name: 'same-ranking',
  goal: 'overlap of the first ten ≥ 0.95 on both databases',
  sizes: { questions: 54 },
  async run(stage) {
    const [url] = await stage.postgres('ranking');
    const loaded = await readCollection(collection);
    const answers = [];
    for (const open of [openInMemory, () => openDatabase(url)]) {
      const database = await open();
      stage.onEnd(() => database.close());
      answers.push(await evaluate(new KnowledgeBase({ db: database }), loaded));
    }
    const [embedded, postgres] = answers;
    const overlaps = embedded.each.map(({ ranking }, index) => {
      const other = postgres.each[index].ranking;
      return ranking.length === 0 ? 1 : ranking.filter((id) => other.includes(id)).length / Math.max(ranking.length, other.length);
    });
    const mean = overlaps.reduce((sum, value) => sum + value, 0) / overlaps.length;
    const quality = `nDCG@10 ${embedded.ndcg10.mean.toFixed(3)} and ${postgres.ndcg10.mean.toFixed(3)}`;
    return { holds: mean >= 0.95, figure: `overlap ${mean.toFixed(3)}, ${quality}` };
  },
};

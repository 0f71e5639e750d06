import { fileURLToPath } from 'node:url';
import { openInMemory } from '@supervisor/db';
import { evaluate, KnowledgeBase, pairedInterval, readCollection } from '@supervisor/knowledge';
import { chanceEmbedder, letterEmbedder, wordEmbedder } from './embedders.mjs';

const collection = fileURLToPath(new URL('../../../packages/knowledge/collection/', import.meta.url));
const mostLost = 0.01;

/** Models that know nothing or little, with the weight that nobody measured: answers are not worse than by words alone. */
export const weakEmbedder = {
  name: 'weak-embedder',
  goal: `with each of four weak models nDCG@10 at most ${mostLost} below that of words, and no interval of the difference below 0`,
  sizes: { questions: 54 },
  async run(stage) {
    const loaded = await readCollection(collection);
    const measure = async (embedder) => {
      const database = await openInMemory();
      stage.onEnd(() => database.close());
      const knowledge = new KnowledgeBase({ db: database, embedder });
      stage.onEnd(() => knowledge.close());
      const result = await evaluate(knowledge, loaded);
      return { result, weight: (await knowledge.embedder()).weight };
    };
    const { result: lexical } = await measure(undefined);
    const problems = [];
    const figures = [`words ${lexical.ndcg10.mean.toFixed(3)}`];
    for (const embedder of [chanceEmbedder(16), chanceEmbedder(384), letterEmbedder(64), wordEmbedder(256)]) {
      const { result, weight } = await measure(embedder);
      const gain = pairedInterval(...[result, lexical].map(({ each }) => each.map(({ ndcg10 }) => ndcg10)));
      figures.push(`${embedder.id} at ${weight}: ${signed(gain.mean)} (${signed(gain.low)} to ${signed(gain.high)})`);
      if (gain.mean < -mostLost || gain.high < 0) problems.push(`${embedder.id} makes answers worse`);
    }
    return { holds: problems.length === 0, figure: figures.join('; '), problems };
  },
};

function signed(value) {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
}

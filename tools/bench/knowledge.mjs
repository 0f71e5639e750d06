import { fileURLToPath } from 'node:url';
import { create, insertMultiple, search as searchOrama } from '@orama/orama';
import { openInMemory } from '@supervisor/db';
import { evaluate, judge, KnowledgeBase, pairedInterval, readCollection } from '@supervisor/knowledge';
import MiniSearch from 'minisearch';
// The others get our words: what is compared is the ranking.
import { stem } from '../../packages/knowledge/dist/text/stem.js';
import { isStopWord } from '../../packages/knowledge/dist/text/stop-words.js';
import { interleave, median } from './median.mjs';
import { figure } from './table.mjs';

const collection = fileURLToPath(new URL('../../packages/knowledge/collection/', import.meta.url));
const boosts = [1, 1.5, 2, 3];
const rounds = 5;

/** Retrieval on the small collection, against search libraries in memory: each the best of its settings, by this very collection. */
export async function measureKnowledge() {
  const { documents, questions, grades } = await readCollection(collection);
  const judged = questions.filter(({ id }) => grades.has(id));
  const database = await openInMemory();
  const knowledge = new KnowledgeBase({ db: database });
  const { each: ours } = await evaluate(knowledge, { documents, questions, grades });
  const rivals = { minisearch: miniSearches(documents), orama: await oramas(documents) };
  const figures = [];
  const fastest = {};
  for (const [name, ways] of Object.entries(rivals)) {
    const tried = [];
    for (const ask of ways) tried.push({ ask, each: await judgeAll(ask, judged, grades) });
    const best = tried.reduce((one, other) => (mean(other.each, 'ndcg10') > mean(one.each, 'ndcg10') ? other : one));
    fastest[name] = best.ask;
    for (const [measure, label] of Object.entries({ ndcg10: 'nDCG@10', recall10: 'recall@10', mrr: 'MRR' })) {
      const [own, their] = [mean(ours, measure), mean(best.each, measure)];
      const { low, high } = pairedInterval(...[ours, best.each].map((results) => results.map((result) => result[measure])));
      const detail = `${own.toFixed(3)} : ${their.toFixed(3)}, difference ${low.toFixed(3)} to ${high.toFixed(3)}, best of ${ways.length} settings`;
      figures.push(figure(`${label} / ${name}`, own / their, { atLeast: 1, detail }));
    }
  }
  const times = await interleave(rounds, {
    ours: () => timed(judged, (text) => knowledge.search(text)),
    ...Object.fromEntries(Object.entries(fastest).map(([name, ask]) => [name, () => timed(judged, ask)])),
  });
  for (const name of Object.keys(fastest)) {
    const [own, their] = [median(times.ours), median(times[name])];
    const detail = `${own.toFixed(2)} ms : ${their.toFixed(2)} ms a question; theirs is in memory, ours in a database`;
    figures.push(figure(`time / ${name}`, own / their, { detail }));
  }
  await database.close();
  return figures;
}

function* settings() {
  for (const stems of [true, false]) for (const stops of [true, false]) for (const boost of boosts) yield { stems, stops, boost };
}

function miniSearches(documents) {
  return [...settings()].flatMap(({ stems, stops, boost }) => {
    const processTerm = (term) => {
      const word = term.toLowerCase();
      if (stops && isStopWord(word, 'english')) return null;
      return stems ? stem(word, 'english') : word;
    };
    const index = new MiniSearch({ fields: ['title', 'text'], processTerm });
    index.addAll(documents.map(({ id, title, text }) => ({ id, title: title ?? '', text })));
    const ask = (more) => (text) => index.search(text, { boost: { title: boost }, ...more }).map(({ id }) => id);
    return [ask({}), ask({ fuzzy: 0.2 }), ask({ prefix: (term) => term.length > 4 })];
  });
}

async function oramas(documents) {
  const ways = [];
  for (const { stems, stops, boost } of settings()) {
    const normalize = (text) => {
      const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
      return words.filter((word) => !stops || !isStopWord(word, 'english')).map((word) => (stems ? stem(word, 'english') : word));
    };
    const tokenizer = { language: 'english', normalizationCache: new Map(), tokenize: normalize };
    const index = create({ schema: { id: 'string', title: 'string', text: 'string' }, components: { tokenizer } });
    await insertMultiple(
      index,
      documents.map(({ id, title, text }) => ({ id, title: title ?? '', text })),
    );
    ways.push(async (term) => {
      const { hits } = await searchOrama(index, { term, properties: ['title', 'text'], boost: { title: boost }, threshold: 1, limit: 10 });
      return hits.map(({ document }) => document.id);
    });
  }
  return ways;
}

async function judgeAll(ask, questions, grades) {
  const each = [];
  for (const { id, text } of questions) each.push(judge((await ask(text)).slice(0, 10), grades.get(id)));
  return each;
}

function mean(each, measure) {
  return each.reduce((sum, result) => sum + result[measure], 0) / each.length;
}

async function timed(questions, ask) {
  const started = performance.now();
  for (const { text } of questions) await ask(text);
  return (performance.now() - started) / questions.length;
}

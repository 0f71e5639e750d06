import { openDatabase } from '@supervisor/db';
import { KnowledgeBase } from '@supervisor/knowledge';
import { join } from 'node:path';
import { textMaker } from './texts.mjs';

const root = '/srv/evidence';
const mostBlocked = 100;

/** Many chunks on both databases: how fast they come in, how fast they are found, and how long the event loop waits meanwhile. */
export const scale = {
  name: 'scale',
  goal: `embedded: no wait over ${mostBlocked} ms; p95 grows less than tenfold from a tenth of the chunks`,
  sizes: { chunks: 100_000, words: 60, questions: 100 },
  async run(stage, { seed, sizes }) {
    const [url] = await stage.postgres('scale');
    const figures = [];
    const problems = [];
    for (const [kind, target] of [
      ['embedded', join(stage.folder(), 'data')],
      ['PostgreSQL', url],
    ]) {
      const database = await openDatabase(target);
      stage.onEnd(() => database.close());
      const knowledge = new KnowledgeBase({ db: database });
      await knowledge.registerRoot('shop', root);
      const text = textMaker(seed);
      const waits = watchEventLoop();
      const tenth = await fill(stage, knowledge, text, 0, sizes.chunks / 10, sizes);
      const before = await ask(knowledge, textMaker(seed + 1), sizes.questions);
      const rest = await fill(stage, knowledge, text, sizes.chunks / 10, sizes.chunks, sizes);
      const after = await ask(knowledge, textMaker(seed + 1), sizes.questions);
      const blocked = waits.stop();
      if (kind === 'embedded' && blocked > mostBlocked) problems.push(`${kind}: the event loop waited ${blocked} ms`);
      if (after.p95 > 10 * before.p95) problems.push(`${kind}: p95 from ${before.p95} to ${after.p95} ms`);
      const memory = Math.round(process.memoryUsage().rss / 1e6);
      figures.push(
        `${kind} ${Math.round(sizes.chunks / (tenth + rest))} chunks/s, p50 ${before.p50} → ${after.p50} ms, p95 ${before.p95} → ${after.p95} ms, longest wait ${blocked} ms, ${memory} MB`,
      );
    }
    return { holds: problems.length === 0, figure: figures.join('; '), problems };
  },
};

async function fill(stage, knowledge, text, from, to, { words }) {
  const started = performance.now();
  for (let start = from; start < to; start += 200) {
    const documents = Array.from({ length: Math.min(200, to - start) }, (_, index) => {
      return { source: `file${start + index}`, text: text(words), format: 'plain' };
    });
    await knowledge.ingest('shop', root, documents);
    stage.progress(`${start} of ${to} chunks`);
  }
  return (performance.now() - started) / 1000;
}

async function ask(knowledge, text, questions) {
  const times = [];
  for (let count = 0; count < questions; count++) {
    const started = performance.now();
    await knowledge.search(text(8), { projects: ['shop'] });
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const at = (share) => Math.round(times[Math.floor(share * times.length)] * 10) / 10;
  return { p50: at(0.5), p95: at(0.95) };
}

/** The longest time that a timer of 5 ms came late. */
function watchEventLoop() {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 5);
    last = now;
  }, 5);
  return {
    stop() {
      clearInterval(timer);
      return Math.round(longest);
    },
  };
}

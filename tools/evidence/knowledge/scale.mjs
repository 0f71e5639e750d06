import { openDatabase } from '@supervisor/db';
import { KnowledgeBase } from '@supervisor/knowledge';
import { join } from 'node:path';
import { textMaker } from './texts.mjs';

const root = '/srv/evidence';
const mostBlocked = 100;
const mostAround = 1.3;

/** Many chunks on both databases: how fast they come in, how fast they are found, and how long the event loop waits meanwhile. */
export const scale = {
  name: 'scale',
  goal: `embedded: no wait over ${mostBlocked} ms; p95 grows less than tenfold from a tenth of the chunks; p50 and p95 ≤ ${mostAround} × the same SQL alone`,
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
      const before = await ask(database, knowledge, textMaker(seed + 1), sizes.questions);
      const rest = await fill(stage, knowledge, text, sizes.chunks / 10, sizes.chunks, sizes);
      const after = await ask(database, knowledge, textMaker(seed + 1), sizes.questions);
      const blocked = waits.stop();
      if (kind === 'embedded' && blocked > mostBlocked) problems.push(`${kind}: the event loop waited ${blocked} ms`);
      if (after.p95 > 10 * before.p95) problems.push(`${kind}: p95 from ${before.p95} to ${after.p95} ms`);
      for (const share of ['p50', 'p95']) {
        const ratio = after[share] / after.direct[share];
        if (ratio > mostAround) problems.push(`${kind}: ${share} is ${ratio.toFixed(2)} × that of its SQL`);
      }
      const memory = Math.round(process.memoryUsage().rss / 1e6);
      figures.push(
        `${kind} ${Math.round(sizes.chunks / (tenth + rest))} chunks/s, p50 ${before.p50} → ${after.p50} ms, p95 ${before.p95} → ${after.p95} ms, its SQL alone ${after.direct.p50} and ${after.direct.p95} ms, longest wait ${blocked} ms, ${memory} MB`,
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

/** Each question three times: once to see its statements, once as a caller asks it, once as those statements alone. All are warm. */
async function ask({ orm }, knowledge, text, questions) {
  const client = orm.$client;
  const times = [];
  const direct = [];
  for (let count = 0; count < questions; count++) {
    const question = text(8);
    const search = () => knowledge.search(question, { projects: ['shop'] });
    const statements = await statementsOf(client, search);
    times.push(await timed(search));
    direct.push(
      await timed(async () => {
        for (const statement of statements) await client.query(...statement);
      }),
    );
  }
  return { p50: at(0.5, times), p95: at(0.95, times), direct: { p50: at(0.5, direct), p95: at(0.95, direct) } };
}

async function statementsOf(client, work) {
  const statements = [];
  const { query } = client;
  client.query = (...statement) => {
    statements.push(statement);
    return query.apply(client, statement);
  };
  try {
    await work();
  } finally {
    delete client.query;
  }
  return statements;
}

async function timed(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function at(share, times) {
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(share * times.length)] * 10) / 10;
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

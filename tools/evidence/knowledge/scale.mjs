import { openDatabase } from '@supervisor/db';
import { KnowledgeBase } from '@supervisor/knowledge';
import { join } from 'node:path';
import { textMaker } from './texts.mjs';

const root = '/srv/evidence';
const longestStatement = 100;
const mostAround = 1.3;
const mostGrowth = 10;

/** Many chunks on both databases: how fast they come in, how fast they are found, and how long one statement keeps the service. */
export const scale = {
  name: 'scale',
  goal: `embedded: no statement over ${longestStatement} ms; p95 grows less than ${mostGrowth} × from a tenth of the chunks; p50 and p95 ≤ ${mostAround} × the same SQL alone`,
  sizes: { chunks: 100_000, words: 60, questions: 60 },
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
      const statements = kind === 'embedded' ? watchStatements(database.orm.$client) : undefined;
      const tenth = await fill(stage, knowledge, text, 0, sizes.chunks / 10, sizes);
      const before = await ask(database, knowledge, textMaker(seed + 1), sizes.questions);
      const rest = await fill(stage, knowledge, text, sizes.chunks / 10, sizes.chunks, sizes);
      const after = await ask(database, knowledge, textMaker(seed + 1), sizes.questions);
      const growth = after.p95 / before.p95;
      const around = ['p50', 'p95'].map((share) => after[share] / after.direct[share]);
      if (statements && statements.longest > longestStatement) problems.push(`${kind}: a statement took ${statements.longest} ms`);
      if (growth > mostGrowth) problems.push(`${kind}: p95 from ${before.p95} to ${after.p95} ms`);
      if (Math.max(...around) > mostAround) problems.push(`${kind}: a search is ${Math.max(...around).toFixed(2)} × its SQL`);
      figures.push(
        [
          `${kind} ${Math.round(sizes.chunks / 10 / tenth.seconds)} → ${Math.round((sizes.chunks * 0.9) / rest.seconds)} chunks/s (${((tenth.busy + rest.busy) / sizes.chunks).toFixed(2)} ms of this process each)`,
          `p50 ${before.p50} → ${after.p50} ms, p95 ${before.p95} → ${after.p95} ms (${growth.toFixed(1)} ×)`,
          `against its SQL ${around.map((ratio) => ratio.toFixed(2)).join(' and ')}`,
          ...(statements ? [`longest of ${statements.count} statements ${statements.longest} ms`] : []),
          `${Math.round(process.memoryUsage().rss / 1e6)} MB`,
        ].join(', '),
      );
    }
    return { holds: problems.length === 0, figure: figures.join('; '), problems };
  },
};

async function fill(stage, knowledge, text, from, to, { words }) {
  const started = performance.now();
  const busyBefore = process.cpuUsage();
  for (let start = from; start < to; start += 200) {
    const documents = Array.from({ length: Math.min(200, to - start) }, (_, index) => {
      return { source: `file${start + index}`, text: text(words), format: 'plain' };
    });
    await knowledge.ingest('shop', root, documents);
    stage.progress(`${start} of ${to} chunks`);
  }
  return { seconds: (performance.now() - started) / 1000, busy: busyFor(busyBefore) };
}

function busyFor(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** Each question as a caller asks it and as its statements alone, in turn; the best of three each, so that other programs do not count. */
async function ask({ orm }, knowledge, text, questions) {
  const client = orm.$client;
  const times = [];
  const direct = [];
  for (let count = 0; count < questions; count++) {
    const question = text(8);
    const search = () => knowledge.search(question, { projects: ['shop'] });
    const statements = await statementsOf(client, search);
    const alone = async () => {
      for (const statement of statements) await client.query(...statement);
    };
    const taken = { search: [], alone: [] };
    for (let round = 0; round < 3; round++) {
      taken.search.push(await timed(search));
      taken.alone.push(await timed(alone));
    }
    times.push(Math.min(...taken.search));
    direct.push(Math.min(...taken.alone));
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

/** The longest that one message to the embedded database kept this process: the time it ran, not the time it waited for a processor. */
function watchStatements(client) {
  const seen = { longest: 0, count: 0 };
  const run = client.execProtocolRawSync;
  client.execProtocolRawSync = (...message) => {
    const before = performance.now();
    const busyBefore = process.cpuUsage();
    try {
      return run(...message);
    } finally {
      seen.count++;
      seen.longest = Math.max(seen.longest, Math.round(Math.min(performance.now() - before, busyFor(busyBefore))));
    }
  };
  return seen;
}

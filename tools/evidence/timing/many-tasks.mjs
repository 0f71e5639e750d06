import { openDatabase } from '@supervisor/db';
import { TaskTimer } from '@supervisor/timing';
import { join } from 'node:path';
import { randomFrom } from '../harness.mjs';

/** Statistics and completions with a thousand tasks and with a million, on both databases. */
export const manyTasks = {
  name: 'timing-million',
  goal: 'one cell and all cells ≤ 2 times, complete_task ≤ 1.5 times what they take at 1,000',
  sizes: { few: 1000, many: 1_000_000, batch: 20_000 },
  async run(stage, { seed, sizes }) {
    const [url] = await stage.postgres('timing');
    const places = { embedded: { kind: 'embedded', directory: join(stage.folder(), 'data') }, postgres: postgresSettings(url) };
    const figures = [];
    const problems = [];
    for (const [kind, settings] of Object.entries(places)) {
      const database = await openDatabase(settings);
      stage.onEnd(() => database.close());
      const random = randomFrom(seed);
      let now = start;
      const tasks = new TaskTimer({ db: database, now: () => new Date(now) });
      let loaded = 0;
      const load = async (until) => {
        for (const from of steps(loaded, until, sizes.batch)) {
          const batch = Array.from({ length: Math.min(sizes.batch, until - from) }, (_, index) => randomTask(random, from + index));
          loaded = from + batch.length;
          await tasks.importTasks(batch);
          now = Date.parse(batch.at(-1).endedAt);
          stage.progress(`${kind}: ${loaded} of ${until} tasks`);
        }
      };
      const measure = async (label) => ({
        cell: await median(() => tasks.getStats({ project: 'p3', type: 't3' })),
        cells: await median(async () => [await tasks.getStats(), await tasks.getStatsBy('type')]),
        complete: await measureCompletions(tasks, label, (seconds) => (now += seconds * 1000)),
      });
      await load(sizes.few);
      const few = await measure('few');
      await load(sizes.many);
      const many = await measure('many');
      const stats = await tasks.getStats();
      const expected = sizes.many + 2 * completions;
      if (stats.completed !== expected) problems.push(`${kind}: the rollups count ${stats.completed} of ${expected}`);
      const shown = Object.entries(limits).map(([name, limit]) => {
        const ratio = many[name] / few[name];
        if (ratio > limit) problems.push(`${kind}: ${name} takes ${ratio.toFixed(2)} times as long`);
        return `${name} ${ratio.toFixed(2)} (${few[name].toFixed(2)} → ${many[name].toFixed(2)} ms)`;
      });
      figures.push(`${kind}: ${shown.join(', ')}`);
      await database.close();
    }
    return { holds: problems.length === 0, figure: figures.join('; '), problems };
  },
};

const limits = { cell: 2, cells: 2, complete: 1.5 };
const completions = 60;
const start = Date.parse('2025-01-01T00:00:00Z');

function steps(from, until, size) {
  return Array.from({ length: Math.ceil((until - from) / size) }, (_, index) => from + index * size);
}

function randomTask(random, number) {
  const type = Math.floor(10 * random());
  const seconds = Math.round(60_000 * 3 ** (type / 4) * Math.exp(1.6 * (random() + random() + random() - 1.5))) / 1000;
  // A million in a year.
  const end = start + number * 31_000;
  return {
    project: `p${Math.floor(10 * random())}`,
    id: `n${number}`,
    type: `t${type}`,
    description: 'synthetic',
    status: 'completed',
    startedAt: new Date(end - seconds * 1000).toISOString(),
    endedAt: new Date(end).toISOString(),
    durationSeconds: seconds,
    estimatedSeconds: random() < 0.5 ? Math.ceil(seconds * (0.5 + random())) : null,
    agent: `a${Math.floor(5 * random())}`,
    model: 'm',
  };
}

async function measureCompletions(tasks, label, wait) {
  const ids = Array.from({ length: completions }, (_, index) => `${label}${index}`);
  for (const id of ids) await tasks.startTask(id, 't3', 'x', { project: 'p3', agent: 'a1', model: 'm', estimatedSeconds: 300 });
  const times = [];
  for (const id of ids) {
    wait(7);
    const before = performance.now();
    await tasks.completeTask(id, { project: 'p3' });
    times.push(performance.now() - before);
  }
  return middle(times);
}

async function median(run) {
  const times = [];
  for (let count = 0; count < 41; count++) {
    const before = performance.now();
    await run();
    times.push(performance.now() - before);
  }
  return middle(times);
}

function middle(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function postgresSettings(url) {
  const { searchParams, username, pathname } = new URL(url.replace('@/', '@localhost/'));
  return { kind: 'postgres', host: searchParams.get('host'), port: 5432, user: username, database: pathname.slice(1) };
}

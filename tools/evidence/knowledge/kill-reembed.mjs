import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, rows } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { randomFrom, until } from '../harness.mjs';
import { fakeEndpoint } from './fake-endpoint.mjs';
import { textMaker } from './texts.mjs';

const root = '/srv/evidence';

/** The service is killed again and again while it makes vectors anew: afterwards every chunk has one, of the current model, once. */
export const killReembed = {
  name: 'kill-reembed',
  goal: 'one vector for each chunk, none double, none missing, none of an old model; it goes on where it was',
  sizes: { documents: 600, kills: 5 },
  async run(stage, { seed, sizes }) {
    const random = randomFrom(seed);
    const text = textMaker(seed);
    const endpoint = await fakeEndpoint(stage, { milliseconds: 30 });
    const home = await stage.home();
    await home.start();
    const call = async (operation, input = {}) => {
      const session = await home.session({ role: 'owner' });
      return session.request('call', { operation, input });
    };
    await call('register_root', { path: root, project: 'shop' });
    for (let start = 0; start < sizes.documents; start += 100) {
      const documents = Array.from({ length: 100 }, (_, index) => ({ source: `file${start + index}`, text: text(60), format: 'plain' }));
      await call('ingest_documents', { root, project: 'shop', documents });
    }
    await call('configure_embedder', { url: endpoint.url, model: 'words-64', weight: 0.3 });
    await ready(call);
    const before = endpoint.texts.length;
    await call('reembed_knowledge');
    const problems = [];
    let kills = 0;
    for (; kills < sizes.kills; kills++) {
      await sleep(100 + random() * 250);
      process.kill(home.servicePid(), 'SIGKILL');
      await until(() => home.servicePid() === undefined, 10_000, 'the service to be gone');
      await home.start();
      const answer = await call('search_knowledge', { query: text(4), projects: ['shop'] });
      if (!['lexical', 'hybrid'].includes(answer.mode)) problems.push('a search had no mode');
      stage.progress(`${kills + 1} kills`);
    }
    await ready(call);
    const texts = endpoint.texts.length - before;
    await home.stop();
    const database = await openDatabase(home.paths.data);
    stage.onEnd(() => database.close());
    const [found] = await rows(
      database.orm,
      sql`select (select count(*)::int from supervisor.knowledge_chunks) as chunks, (select count(*)::int from supervisor_vectors.vectors) as vectors,
        (select count(distinct chunk)::int from supervisor_vectors.vectors) as different, (select count(*)::int from supervisor.knowledge_pending) as pending,
        (select count(*)::int from supervisor.knowledge_embedders) as models,
        (select count(*)::int from supervisor_vectors.vectors v join supervisor.knowledge_embedders e on e.id = v.embedder and e.state = 'ready') as current`,
    );
    const { chunks, vectors, different, pending, models, current } = found;
    if (new Set([sizes.documents, chunks, vectors, different, current]).size !== 1 || pending !== 0 || models !== 1)
      problems.push(JSON.stringify(found));
    // Each kill costs at most the batch that was under way, and its question.
    const most = sizes.documents + 33 * kills;
    if (texts > most) problems.push(`${texts} texts were sent for ${chunks} chunks: it began again`);
    return {
      holds: problems.length === 0,
      figure: `${kills} kills, ${vectors} vectors of ${chunks} chunks, ${texts} texts sent`,
      problems,
    };
  },
};

async function ready(call) {
  for (const end = Date.now() + 120_000; ; await sleep(100)) {
    const { state, pending, problem } = await call('get_embedder');
    if (state === 'ready' && pending === 0) return;
    if (Date.now() > end) throw new Error(`The vectors are not made: ${pending} wait. ${problem ?? ''}`);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { fakeEndpoint } from './fake-endpoint.mjs';
import { textMaker } from './texts.mjs';

const root = '/srv/evidence';

/** Questions are asked without a pause while one model follows another, of other dimensions: each is answered, by words where vectors are not ready. */
export const modelSwitch = {
  name: 'model-switch',
  goal: '0 failed or empty searches while models change; all answered by vectors at the end',
  sizes: { documents: 400, askers: 3, switches: 3 },
  async run(stage, { seed, sizes }) {
    const text = textMaker(seed);
    const endpoint = await fakeEndpoint(stage, { milliseconds: 20 });
    const home = await stage.home();
    await home.start();
    const owner = await home.session({ role: 'owner' });
    const call = (operation, input = {}) => owner.request('call', { operation, input });
    await call('register_root', { path: root, project: 'shop' });
    const documents = Array.from({ length: sizes.documents }, (_, index) => ({ source: `file${index}`, text: text(60), format: 'plain' }));
    await call('ingest_documents', { root, project: 'shop', documents });
    const answers = { lexical: 0, hybrid: 0, failed: 0, empty: 0 };
    const changes = { over: false };
    const asking = Array.from({ length: sizes.askers }, async (_, asker) => {
      const session = await home.session({ role: 'agent' });
      const words = textMaker(seed + asker + 1);
      while (!changes.over) {
        try {
          const input = { query: words(5), projects: ['shop'] };
          const { mode, results } = await session.request('call', { operation: 'search_knowledge', input });
          answers[mode]++;
          if (results.length === 0) answers.empty++;
        } catch {
          answers.failed++;
        }
      }
    });
    for (let count = 0; count < sizes.switches; count++) {
      await call('configure_embedder', { url: endpoint.url, model: `words-${[64, 128, 32][count % 3]}`, weight: 0.3 });
      // The first two are changed while they are still being built.
      if (count < 2) await sleep(300);
      else await until(async () => (await call('get_embedder')).state === 'ready');
      stage.progress(`${count + 1} models, ${answers.lexical + answers.hybrid} answers`);
    }
    // Questions meet the vectors for a while.
    await sleep(1000);
    await call('reembed_knowledge');
    await until(async () => (await call('get_embedder')).state === 'ready');
    const { mode } = await call('search_knowledge', { query: text(5), projects: ['shop'] });
    changes.over = true;
    await Promise.all(asking);
    const { lexical, hybrid, failed, empty } = answers;
    const problems = [];
    if (failed + empty > 0) problems.push(`${failed} searches failed, ${empty} were empty`);
    if (mode !== 'hybrid') problems.push('vectors are not asked at the end');
    return {
      holds: problems.length === 0,
      figure: `${failed} failed of ${lexical + hybrid + failed}: ${lexical} by words, ${hybrid} with vectors`,
      problems,
    };
  },
};

async function until(done) {
  for (const end = Date.now() + 120_000; !(await done()); await sleep(50))
    if (Date.now() > end) throw new Error('The vectors are not made.');
}

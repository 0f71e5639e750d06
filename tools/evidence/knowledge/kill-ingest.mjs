import { setTimeout as sleep } from 'node:timers/promises';
import { randomFrom, until } from '../harness.mjs';
import { textMaker } from './texts.mjs';

const root = '/srv/evidence';

/** The service is killed again and again while it ingests: afterwards every document is there, once. */
export const killIngest = {
  name: 'kill-ingest',
  goal: 'every document there once, none double, none lost; repeating what was acknowledged finds it unchanged',
  sizes: { documents: 300, kills: 5 },
  async run(stage, { seed, sizes }) {
    const random = randomFrom(seed);
    const text = textMaker(seed);
    const home = await stage.home();
    await home.start();
    const documents = Array.from({ length: sizes.documents }, (_, index) => ({
      source: `file${index}.md`,
      text: `# ${index}\n\n${text(80)}`,
    }));
    const call = async (operation, input) => {
      const session = await home.session({ role: 'owner' });
      return session.request('call', { operation, input: { project: 'shop', ...input } });
    };
    await call('register_root', { path: root });
    const acknowledged = new Set();
    const problems = [];
    let kills = 0;
    for (let start = 0; start < documents.length;) {
      const batch = documents.slice(start, start + 20);
      const pending = call('ingest_documents', { root, documents: batch });
      if (kills < sizes.kills && random() < 0.6) {
        const settled = pending.catch(() => undefined);
        await sleep(random() * 120);
        process.kill(home.servicePid(), 'SIGKILL');
        kills++;
        await settled;
        await until(() => home.servicePid() === undefined, 10_000, 'the service to be gone');
        await home.start();
        continue;
      }
      await pending;
      for (const { source } of batch) acknowledged.add(source);
      start += 20;
      stage.progress(`${acknowledged.size} of ${documents.length} documents, ${kills} kills`);
    }
    const again = await call('ingest_documents', { root, documents });
    if (again.unchanged.length !== documents.length)
      problems.push(`${documents.length - again.unchanged.length} documents were not as acknowledged`);
    const { documents: listed } = await call('list_documents', { root, limit: 500 });
    const once = new Set(listed.map(({ source }) => source));
    if (listed.length !== documents.length || once.size !== documents.length)
      problems.push(`${listed.length} documents are listed, ${once.size} different ones`);
    const { scopes } = await call('get_knowledge_stats', {});
    const chunks = scopes.reduce((sum, scope) => sum + scope.chunks, 0);
    if (chunks !== documents.length) problems.push(`${chunks} chunks of ${documents.length} documents`);
    return {
      holds: problems.length === 0,
      figure: `${kills} kills, ${listed.length} of ${documents.length} documents, ${chunks} chunks`,
      problems,
    };
  },
};

import { openInMemory, rows } from '@supervisor/db';
import { KnowledgeBase } from '@supervisor/knowledge';
import { createRedactor, encodings } from '@supervisor/secrets/redact';
import { sql } from 'drizzle-orm';
import { randomFrom } from '../harness.mjs';
import { fakeEndpoint } from './fake-endpoint.mjs';
import { textMaker } from './texts.mjs';

const tables = ['entries', 'chunks', 'scopes', 'postings', 'roots', 'embedders', 'pending'].map((name) => `supervisor.knowledge_${name}`);

/** Values are planted in texts, titles, tags, sources and questions, in every encoding that redaction knows: none is found anywhere afterwards. */
export const plantedSecrets = {
  name: 'planted-secrets',
  goal: '0 of the planted values in any table, export or text sent to a model, in any encoding',
  sizes: { secrets: 200 },
  async run(stage, { seed, sizes }) {
    const random = randomFrom(seed);
    const text = textMaker(seed);
    const value = () => `fake-${Array.from({ length: 24 }, () => Math.floor(random() * 36).toString(36)).join('')}`;
    const secrets = Array.from({ length: sizes.secrets }, (_, index) => ({ name: `shop/fake/${index}`, value: value() }));
    const redactor = createRedactor(secrets);
    const redact = (given) => {
      const clean = redactor.text(given);
      return { text: clean, redactions: clean === given ? [] : ['secret'] };
    };
    const database = await openInMemory();
    stage.onEnd(() => database.close());
    const endpoint = await fakeEndpoint(stage);
    const knowledge = new KnowledgeBase({ db: database, redact });
    stage.onEnd(() => knowledge.close());
    await knowledge.configureEmbedder({ url: endpoint.url, model: 'words-64' }, 0.3);
    await knowledge.registerRoot('shop', '/srv/shop');
    let planted = 0;
    for (const [index, secret] of secrets.entries()) {
      const encoding = encodings[index % encodings.length];
      const [form] = encoding.forms(secret.value);
      const disguised = Buffer.from(form).toString();
      planted++;
      await knowledge.learn('shop', `${text(30)} ${disguised} ${text(20)}`, { source: `run ${secret.value}`, tags: [secret.value] });
      await knowledge.ingest('shop', '/srv/shop', [{ source: `file${index}`, text: `${text(20)}\n\n${disguised}\n`, title: secret.value }]);
      stage.progress(`${index + 1} of ${secrets.length} planted`);
    }
    await knowledge.embedMissing();
    for (const [index, { value }] of secrets.entries()) {
      const [form] = encodings[index % encodings.length].forms(value);
      await knowledge.search(`what is ${Buffer.from(form).toString()}?`);
    }
    const problems = [];
    const { texts: sent } = endpoint;
    if (sent.length < 3 * secrets.length) problems.push(`only ${sent.length} texts were sent to the model`);
    const places = { export: JSON.stringify(await exportAll(knowledge)), 'what was sent to the model': JSON.stringify(sent) };
    for (const table of tables) places[table] = JSON.stringify(await rows(database.orm, sql.raw(`select * from ${table}`)));
    for (const [place, content] of Object.entries(places)) {
      for (const name of redactor.find(content)) problems.push(`${name} is in ${place}`);
    }
    const figure = `${problems.length} of ${planted} values found in ${Object.keys(places).length} places, ${encodings.length} encodings`;
    return { holds: problems.length === 0, figure, problems };
  },
};

async function exportAll(knowledge) {
  const entries = [];
  let cursor;
  do {
    const page = await knowledge.export({ limit: 500, ...(cursor ? { cursor } : {}) });
    entries.push(...page.entries);
    cursor = page.nextCursor;
  } while (cursor);
  return entries;
}

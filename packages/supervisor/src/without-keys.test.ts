import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { rows, type Database } from '@supervisor/db';
import { openEmbeddedForTests } from '@supervisor/db/testing';
import { KnowledgeBase } from '@supervisor/knowledge';
import { SecretsManager } from '@supervisor/secrets';
import { sql } from 'drizzle-orm';
import { withoutKeys } from './without-keys.js';

let db: Database;
let secrets: SecretsManager;
beforeAll(async () => {
  db = await openEmbeddedForTests();
  secrets = new SecretsManager(randomBytes(32).toString('hex'), { db });
});
afterAll(() => db.close());

test('what has the form of a key is taken out and named, the rest stays as it is', async () => {
  const redact = withoutKeys(secrets);
  const key = `ghp_${'a1B2c3D4e5'.repeat(3)}F6g7H8`;
  const { text, redactions } = await redact(`Use ${key} for the mirror, and ${key} again.`);
  expect(text).toBe('Use [removed: github token] for the mirror, and [removed: github token] again.');
  expect(redactions).toHaveLength(2);
  expect(await redact(text)).toEqual({ text, redactions: [] });
  expect(await redact('No key here: getUserById(42).')).toEqual({ text: 'No key here: getUserById(42).', redactions: [] });
});

test('a stored value is in nothing that was learned, in disguise neither, and is found no more', async () => {
  const value = 'plain fake words that no pattern knows';
  await secrets.store('shop/fake/phrase', value);
  const knowledge = new KnowledgeBase({ db, redact: withoutKeys(secrets) });
  const disguised = Buffer.from(value).toString('base64');
  const learned = await knowledge.learn('shop', `The gate opens on ${value}, sent as ${disguised}.`, { source: `run ${value}` });
  expect(learned.redactions).toEqual(['shop/fake/phrase']);
  const { text, source } = await knowledge.get(learned.id);
  for (const kept of [text, source!]) expect(kept).not.toContain('fake words');
  expect(text).toContain('The gate opens on');
  expect((await knowledge.search('pattern words')).results).toEqual([]);
  for (const table of ['entries', 'chunks', 'postings']) {
    const content = JSON.stringify(await rows(db.orm, sql.raw(`select * from supervisor.knowledge_${table}`)));
    for (const form of [value, disguised]) expect(content).not.toContain(form);
  }
});

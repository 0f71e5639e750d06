import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SupervisorError } from '@supervisor/core';
import { rows, type Database } from '@supervisor/db';
import { testDatabases, type TestDatabase } from '@supervisor/db/testing';
import { sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { readCollection } from '../evaluate/collection.js';
import { KnowledgeBase } from '../knowledge-base.js';
import type { Embedder } from './embedder.js';
import { fakeEndpoint, fakeVector, type FakeEndpoint } from './fake-endpoint.test.data.js';
import { nearest } from './nearest.js';
import { makeIndex } from './storage.js';

const lessons = [
  'The automobile needs new tyres every winter.',
  'Undo a release by deploying the tag before it.',
  'Sluggish pages came from a missing index.',
  'Invoices are numbered without gaps.',
];

/** A model of the program's own, that counts what it is asked. */
function fakeEmbedder(id = 'fake', dims = 512) {
  const seen: string[] = [];
  const embedder: Embedder & { seen: string[]; failure: unknown } = {
    id,
    dims,
    maxTokens: 1000,
    seen,
    failure: undefined,
    async embed(texts) {
      if (embedder.failure) throw embedder.failure;
      seen.push(...texts);
      return texts.map((text) => fakeVector(text, dims));
    },
  };
  return embedder;
}

/** Eight numbers by chance, always the same for a text. */
function byChance(text: string): number[] {
  return [...createHash('sha256').update(text).digest().subarray(0, 8)].map((byte) => byte - 127.5);
}

// The embedded database has it, a server may.
const databases: TestDatabase[] = [];
for (const each of testDatabases()) {
  const database = await each.open();
  const [found] = await rows<{ there: boolean }>(
    database.orm,
    sql`select exists (select from pg_available_extensions where name = 'vector') as there`,
  );
  await database.close();
  if (found!.there) databases.push(each);
}

describe.each(databases)('with pgvector, on $kind', ({ kind, open: openDatabase }) => {
  let database: Database;
  let endpoint: FakeEndpoint;
  const opened: KnowledgeBase[] = [];
  const open = (options: object = {}) => {
    const knowledge = new KnowledgeBase({ db: database, ...options });
    opened.push(knowledge);
    return knowledge;
  };
  beforeEach(async () => {
    database = await openDatabase();
    endpoint = await fakeEndpoint();
  });
  afterEach(async () => {
    for (const knowledge of opened.splice(0)) await knowledge.close();
    await endpoint.close();
    await database.close();
  });
  const learnAll = async (knowledge: KnowledgeBase) => {
    for (const text of lessons) await knowledge.learn('shop', text);
  };
  const vectorCount = async () => {
    const [found] = await rows<{ count: number }>(database.orm, sql`select count(*)::int as count from supervisor_vectors.vectors`);
    return found!.count;
  };

  test('what words miss, vectors find; the answer says how', async () => {
    const knowledge = open();
    await learnAll(knowledge);
    const before = await knowledge.search('vehicle');
    expect(before).toEqual({ results: [], omitted: 0, mode: 'lexical', embedder: null });
    expect(await knowledge.configureEmbedder({ url: endpoint.url, model: 'fake' })).toMatchObject({
      state: 'building',
      dims: 512,
      weight: 0.1,
    });
    await knowledge.embedMissing();
    expect(await knowledge.embedder()).toMatchObject({ state: 'ready', pending: 0, failed: 0, problem: null });
    const after = await knowledge.search('vehicle');
    expect(after).toMatchObject({ mode: 'hybrid', embedder: `${new URL(endpoint.url).host}/fake` });
    expect(after.results[0]).toMatchObject({ text: lessons[0], score_parts: { bm25: 0, weight: 0.1, cosine: expect.any(Number) } });
    expect(after.reason).toBeUndefined();
    // Words that match still come first.
    expect((await knowledge.search('invoices numbered')).results[0]).toMatchObject({ text: lessons[3] });
    expect(await knowledge.search('vehicle', { mode: 'lexical' })).toMatchObject({ results: [], mode: 'lexical', embedder: null });
    // The same again starts nothing.
    const asked = endpoint.asked.length;
    await knowledge.configureEmbedder({ url: endpoint.url, model: 'fake' }, 0.5);
    await knowledge.embedMissing();
    expect(await knowledge.embedder()).toMatchObject({ state: 'ready', weight: 0.5 });
    expect(endpoint.asked.length - asked).toBeLessThanOrEqual(2);
  });

  test('a caller finds by vectors what it may see, and nothing else', async () => {
    const knowledge = open({ embedder: fakeEmbedder() });
    await knowledge.learn('shop', lessons[0]!);
    const shared = await knowledge.learn('shop', lessons[1]!, { visibility: 'shared' });
    await knowledge.embedMissing();
    const blog = { boundTo: 'blog', project: 'blog' };
    expect((await knowledge.search('vehicle', {}, blog)).results.map(({ id }) => id)).toEqual([shared.id]);
    expect((await knowledge.search('vehicle', { projects: ['shop'] }, blog)).results.map(({ id }) => id)).toEqual([shared.id]);
    expect((await knowledge.search('vehicle', { kinds: ['decision'] })).results).toEqual([]);
  });

  test('a model that fails leaves texts pending and found by words; then it goes on', async () => {
    const embedder = fakeEmbedder();
    const knowledge = open({ embedder });
    await learnAll(knowledge);
    await knowledge.embedMissing();
    embedder.failure = new SupervisorError('unavailable', 'It is away.');
    await knowledge.learn('shop', 'A vehicle log is kept for the taxes.');
    await expect(knowledge.embedMissing()).rejects.toMatchObject({ code: 'unavailable' });
    const found = await knowledge.search('vehicle taxes');
    expect(found).toMatchObject({ mode: 'lexical', embedder: null, reason: 'It is away.' });
    expect(found.results[0]!.text).toContain('taxes');
    expect(await knowledge.embedder()).toMatchObject({ state: 'ready', pending: 1, failed: 0, problem: 'It is away.' });
    embedder.failure = undefined;
    await knowledge.embedMissing();
    expect(await knowledge.embedder()).toMatchObject({ pending: 0, problem: null });
    expect(await vectorCount()).toBe(lessons.length + 1);
  });

  test('one text that the model refuses does not keep the others back', async () => {
    const knowledge = open();
    endpoint.refuse = ({ input }) => (input.some((text) => text.includes('Invoices')) ? { status: 400 } : undefined);
    await learnAll(knowledge);
    await knowledge.configureEmbedder({ url: endpoint.url, model: 'fake' });
    await knowledge.embedMissing();
    expect(await knowledge.embedder()).toMatchObject({ state: 'ready', pending: 1, failed: 1 });
    const { results, mode } = await knowledge.search('invoices');
    expect([mode, results[0]!.text]).toEqual(['hybrid', lessons[3]]);
  });

  test.each([
    ['fails at', { status: 500 }],
    ['has no direction for', undefined],
  ])('one text that the model %s keeps nobody back, nor does one question', async (_, failure) => {
    const embedder = fakeEmbedder();
    const { embed } = embedder;
    embedder.embed = async (texts, kind, signal) => {
      const odd = texts.some((text) => text.includes('Invoices') || text.includes('odd'));
      if (odd && failure) throw new SupervisorError(kind === 'query' ? 'invalid_input' : 'unavailable', 'It fails at that.', failure);
      const vectors = await embed(texts, kind, signal);
      return vectors.map((vector, index) => (/Invoices|odd/.test(texts[index]!) ? vector.map(() => 0) : vector));
    };
    const knowledge = open({ embedder });
    await learnAll(knowledge);
    await knowledge.embedMissing();
    expect(await knowledge.embedder()).toMatchObject({ state: 'ready', pending: 1, failed: 1 });
    // Nor when it comes alone.
    await knowledge.learn('shop', 'An odd text.');
    await knowledge.embedMissing();
    expect(await knowledge.embedder()).toMatchObject({ state: 'ready', pending: 2, failed: 2, problem: null });
    expect(await knowledge.search('an odd question')).toMatchObject({ mode: 'lexical', reason: expect.any(String) });
    expect(await knowledge.search('vehicle')).toMatchObject({ mode: 'hybrid' });
  });

  test('a change of model is served by words until it is done, and leaves nothing of the old one', async () => {
    const knowledge = open();
    await learnAll(knowledge);
    await knowledge.configureEmbedder({ url: endpoint.url, model: 'fake' });
    await knowledge.embedMissing();
    endpoint.dims = 32;
    expect(await knowledge.configureEmbedder({ url: endpoint.url, model: 'other' })).toMatchObject({ state: 'building', dims: 32 });
    await knowledge.embedMissing();
    expect(await vectorCount()).toBe(lessons.length);
    expect((await knowledge.search('automobile')).mode).toBe('hybrid');
    // The endpoint's model was changed behind our back: that is said, and words serve.
    endpoint.dims = 48;
    expect(await knowledge.search('automobile')).toMatchObject({
      mode: 'lexical',
      reason: expect.stringContaining('was its model changed?'),
    });
    expect(await knowledge.removeEmbedder()).toMatchObject({ state: 'none', embedder: null });
    await knowledge.embedMissing();
    expect(await vectorCount()).toBe(0);
    expect(await rows(database.orm, sql`select 1 from supervisor.knowledge_embedders`)).toEqual([]);
  });

  test('all is made anew when asked, and by whoever opens it next', async () => {
    const first = open({ embedder: fakeEmbedder() });
    await learnAll(first);
    await first.embedMissing();
    await first.close();
    const embedder = fakeEmbedder();
    const second = open({ embedder });
    await second.embedMissing();
    expect(embedder.seen).toEqual([]);
    await second.reembed();
    await second.embedMissing();
    expect(embedder.seen.toSorted()).toEqual(lessons.toSorted());
    expect([await vectorCount(), (await second.embedder()).state]).toEqual([lessons.length, 'ready']);
    // A restored database has no vectors: they are made.
    await database.orm.execute(sql`drop schema supervisor_vectors cascade`);
    const third = open({ embedder: fakeEmbedder() });
    expect(await third.search('vehicle')).toMatchObject({ mode: 'lexical', reason: expect.any(String) });
    await third.embedMissing();
    expect(await vectorCount()).toBe(lessons.length);
  });

  test('a text that changes or goes takes its vector with it', async () => {
    const knowledge = open({ embedder: fakeEmbedder() });
    const { id } = await knowledge.learn('shop', lessons[0]!);
    await knowledge.learn('shop', lessons[1]!);
    await knowledge.embedMissing();
    await knowledge.update(id, { text: 'Bicycles need none.' });
    await knowledge.embedMissing();
    expect(await vectorCount()).toBe(2);
    expect((await knowledge.search('vehicle')).results.find((hit) => hit.id === id)!.score_parts.cosine).toBeLessThan(0.1);
    await knowledge.forget({ ids: [id] });
    expect(await vectorCount()).toBe(1);
  });

  test('what is embedded is without secrets, also those that became one later', async () => {
    const secrets = ['fake-one-0123456789'];
    const redact = (text: string) => ({
      text: secrets.reduce((clean, secret) => clean.replaceAll(secret, '[secret]'), text),
      redactions: [],
    });
    const embedder = fakeEmbedder();
    const knowledge = open({ embedder, redact });
    await knowledge.learn('shop', 'The key is fake-one-0123456789 and fake-two-0123456789.');
    secrets.push('fake-two-0123456789');
    await knowledge.embedMissing();
    await knowledge.search('fake-two-0123456789');
    expect(embedder.seen).toEqual(['The key is [secret] and [secret].', '[secret]']);
  });

  test('its weight is measured by known answers: a good model counts, one that knows nothing does not', async () => {
    const pairs = [];
    const words = [
      ['automobile', 'vehicle'],
      ['undo', 'revert'],
      ['sluggish', 'latency'],
    ] as const;
    const knowledge = open({ embedder: fakeEmbedder('good', 512) });
    for (let index = 0; index < 24; index++) {
      const [stored, asked] = words[index % 3]!;
      const place = `place${String.fromCharCode(97 + index)}`;
      const { id } = await knowledge.learn('shop', `The ${stored} of ${place} is described here.`);
      await knowledge.learn('shop', `Reports on ${place} ${place} go elsewhere.`);
      pairs.push({ query: `${asked} ${place}`, id });
    }
    await knowledge.embedMissing();
    const good = await knowledge.calibrate(pairs);
    expect(good.weight).toBeGreaterThan(0);
    expect(good.hybrid).toBeGreaterThan(good.lexical);
    expect(good.low).toBeGreaterThanOrEqual(0);
    expect(await knowledge.embedder()).toMatchObject({ weight: good.weight, measured: { by: 'pairs', pairs: 24 } });
    await expect(knowledge.calibrate(pairs.slice(0, 5))).rejects.toMatchObject({ code: 'invalid_input' });
    const noise = { ...fakeEmbedder('noise', 8), embed: async (texts: readonly string[]) => texts.map(byChance) };
    const other = open({ embedder: noise });
    await other.embedMissing();
    const weak = await other.calibrate(pairs);
    expect(weak.hybrid).toBeGreaterThanOrEqual(weak.lexical);
    expect(weak.weight).toBeLessThan(good.weight);
  });

  test('a model is tried on the texts that are there: one that knows nothing counts nothing', async () => {
    const { documents } = await readCollection(fileURLToPath(new URL('../../collection/', import.meta.url)));
    const first = open({ embedder: fakeEmbedder('words', 256) });
    await first.registerRoot('shop', '/srv/shop');
    await first.ingest(
      'shop',
      '/srv/shop',
      documents.slice(0, 40).map(({ id, text }) => ({ source: id, text })),
    );
    await first.embedMissing();
    const words = await first.embedder();
    expect(words).toMatchObject({ state: 'ready', measured: { by: 'halves', texts: expect.any(Number) } });
    expect(words.weight).toBeGreaterThan(0.1);
    expect(words.weight).toBeLessThanOrEqual(0.3);
    const chance = { ...fakeEmbedder('chance', 8), embed: async (texts: readonly string[]) => texts.map(byChance) };
    const second = open({ embedder: chance });
    await second.embedMissing();
    expect(await second.embedder()).toMatchObject({ weight: 0, measured: { by: 'halves' } });
    const answer = await second.search('webhook signature');
    expect(answer).toMatchObject({ mode: 'lexical', embedder: null, reason: expect.stringContaining('measured not to help') });
    // What the owner says counts, and stays.
    const third = open();
    expect(await third.configureEmbedder({ url: endpoint.url, model: 'fake' }, 0.4)).toMatchObject({
      weight: 0.4,
      measured: { by: 'owner' },
    });
    await third.embedMissing();
    expect(await third.embedder()).toMatchObject({ state: 'ready', weight: 0.4, measured: { by: 'owner' } });
  });

  test('the index finds the same as looking at every vector', async () => {
    const knowledge = open({ embedder: fakeEmbedder('fake', 16) });
    await knowledge.registerRoot('shop', '/srv/shop');
    const documents = Array.from({ length: 120 }, (_, index) => ({
      source: `f${index}`,
      text: `word${'abcdefghij'[index % 10]} item${String.fromCharCode(97 + (index % 26))}`,
    }));
    await knowledge.ingest('shop', '/srv/shop', documents);
    await knowledge.embedMissing();
    const [model] = await rows<{ id: number; dims: number }>(database.orm, sql`select id, dims from supervisor.knowledge_embedders`);
    const scopes = await rows<{ id: number; chunks: number }>(database.orm, sql`select id, chunks from supervisor.knowledge_scopes`);
    const question = fakeVector('worda itema', 16);
    const exact = await nearest(database.orm, model!, question, scopes, 10);
    // A server gets the index with the model.
    if (kind === 'embedded') expect(await nearest(database.orm, model!, question, scopes, 10, 0)).toEqual([]);
    await makeIndex(database.orm, model!.id, model!.dims);
    const approximate = await nearest(database.orm, model!, question, scopes, 10, 0);
    expect(approximate.map(({ cosine }) => cosine.toFixed(4))).toEqual(exact.map(({ cosine }) => cosine.toFixed(4)));
  });

  test('a key is asked for by its path, and is nowhere but in the request', async () => {
    const paths: string[] = [];
    const knowledge = open({ secret: async (path: string) => (paths.push(path), 'fake-key-0123') });
    await knowledge.learn('shop', lessons[0]!);
    const status = await knowledge.configureEmbedder({ url: endpoint.url, model: 'fake', secret: 'shop/fake/key' });
    await knowledge.embedMissing();
    expect(new Set(paths)).toEqual(new Set(['shop/fake/key']));
    expect(endpoint.asked.every(({ headers }) => headers.authorization === 'Bearer fake-key-0123')).toBe(true);
    expect(JSON.stringify([status, await rows(database.orm, sql`select * from supervisor.knowledge_embedders`)])).not.toContain('fake-key');
  });
});

// A server may have pgvector or not: either it works, or it says so and words serve.
describe.each(testDatabases())('whatever $kind has', ({ open }) => {
  test('words always serve', async () => {
    const database = await open();
    const endpoint = await fakeEndpoint();
    const knowledge = new KnowledgeBase({ db: database });
    try {
      await knowledge.learn('shop', lessons[0]!);
      const outcome = await knowledge.configureEmbedder({ url: endpoint.url, model: 'fake' }).then(
        ({ state }) => state,
        (error: SupervisorError) => `${error.code}: ${error.message}`,
      );
      expect(outcome).toMatch(/^building$|^unavailable: Vectors need pgvector, and .*found by their words/);
      if (outcome === 'building') await knowledge.embedMissing();
      const mode = outcome === 'building' ? 'hybrid' : 'lexical';
      expect(await knowledge.search('automobile')).toMatchObject({ results: [{ text: lessons[0] }], mode });
      const brought = new KnowledgeBase({ db: database, embedder: fakeEmbedder() });
      const answer = await brought.search('automobile');
      expect(answer).toMatchObject({ results: [{ text: lessons[0] }], mode: 'lexical', reason: expect.any(String) });
      if (mode === 'lexical') expect(answer.reason).toContain('pgvector');
      await brought.close();
    } finally {
      await knowledge.close();
      await endpoint.close();
      await database.close();
    }
  });
});

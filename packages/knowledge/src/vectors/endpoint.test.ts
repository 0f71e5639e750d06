import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embedTexts } from './embedder.js';
import { endpointDims, endpointEmbedder } from './endpoint.js';
import { fakeEndpoint, fakeVector, type FakeEndpoint } from './fake-endpoint.test.data.js';
import { localEmbedder } from './local.js';

const signal = new AbortController().signal;
let endpoint: FakeEndpoint;
beforeAll(async () => {
  endpoint = await fakeEndpoint(16);
});
afterAll(() => endpoint.close());
afterEach(() => {
  endpoint.asked = [];
  endpoint.refuse = undefined;
});
const embedder = (more: object = {}) => endpointEmbedder({ url: endpoint.url, model: 'fake', dims: 16, ...more });

test('texts become vectors in their order, in batches, with prefix and key', async () => {
  const texts = Array.from({ length: 40 }, (_, index) => `text number ${'abcdefgh'[index % 8]} ${index}`);
  const made = embedder({ key: () => Promise.resolve('fake-key\n'), documentPrefix: 'document: ', queryPrefix: 'query: ' });
  const vectors = await made.embed(texts, 'document', signal);
  expect(vectors).toEqual(texts.map((text) => fakeVector(`document: ${text}`, 16)));
  expect(endpoint.asked.map(({ input }) => input.length)).toEqual([32, 8]);
  expect(endpoint.asked[0]).toMatchObject({ path: '/v1/embeddings', model: 'fake', headers: { authorization: 'Bearer fake-key' } });
  expect(await made.embed(['a'], 'query', signal)).toEqual([fakeVector('query: a', 16)]);
  expect(await endpointDims({ url: `${endpoint.url}/`, model: 'fake' }, signal)).toBe(16);
  expect(made.id).toBe(`${new URL(endpoint.url).host}/fake`);
});

test('documents wait as long as the endpoint says; a question does not', async () => {
  let left = 2;
  endpoint.refuse = () => (left-- > 0 ? { status: 429, headers: { 'retry-after': '0' } } : undefined);
  expect(await embedder().embed(['a'], 'document', signal)).toHaveLength(1);
  expect(endpoint.asked).toHaveLength(3);
  left = 1;
  await expect(embedder().embed(['a'], 'query', signal)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('429'),
  });
});

test.each([
  [400, 'invalid_input', 'refuses'],
  [401, 'unavailable', 'look at the secret'],
  [404, 'unavailable', 'look at url and model'],
  [302, 'unavailable', 'cannot be reached'],
])('HTTP %d is %s, and says nothing of what was sent', async (status, code, message) => {
  endpoint.refuse = () => ({ status, headers: { location: '/elsewhere' }, body: 'your text fake-key' });
  const refused = embedder({ key: () => Promise.resolve('fake-key') }).embed(['my text'], 'query', signal);
  await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringMatching(/fake-key|my text|your text/) });
  expect(endpoint.asked).toHaveLength(1);
});

test('what is no vector for each text is refused', async () => {
  for (const body of ['no JSON', '{}', '{"data": []}', '{"data": [{"embedding": ["1"]}]}']) {
    endpoint.refuse = () => ({ status: 200, body });
    await expect(embedder().embed(['a'], 'query', signal)).rejects.toMatchObject({ code: 'unavailable' });
  }
  endpoint.refuse = undefined;
  await expect(embedTexts(embedder({ dims: 17 }), ['a'], 'query', signal)).rejects.toMatchObject({
    message: expect.stringContaining('16 numbers'),
  });
  const zero = { id: 'zero', dims: 2, maxTokens: 10, embed: async () => [[0, 0]] };
  await expect(embedTexts(zero, ['a'], 'query', signal)).rejects.toMatchObject({ message: expect.stringContaining('direction') });
});

test('a text is cut to what the model takes, between characters', async () => {
  await embedTexts(embedder({ maxTokens: 2 }), [`abcde\u{1f600}f`], 'document', signal);
  expect(endpoint.asked[0]!.input).toEqual(['abcde']);
});

test('texts go over plain http to this machine only, and no key stands in an address', () => {
  for (const url of [
    'http://example.com/v1',
    'ftp://127.0.0.1/',
    'nonsense',
    'https://me:fake@example.com/',
    'https://example.com/?key=fake',
  ])
    expect(() => embedder({ url })).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  for (const url of ['http://localhost:1/v1', 'http://[::1]:1', 'https://api.example.com/v1']) expect(embedder({ url }).dims).toBe(16);
});

test('an end of waiting ends the request', async () => {
  const ending = new AbortController();
  endpoint.refuse = () => {
    ending.abort();
    return { status: 503 };
  };
  await expect(embedder().embed(['a'], 'document', ending.signal)).rejects.toMatchObject({ name: 'AbortError' });
  await endpoint.close();
  await expect(embedder().embed(['a'], 'query', signal)).rejects.toMatchObject({ message: expect.stringContaining('cannot be reached') });
  endpoint = await fakeEndpoint(16);
});

test('a local model that is not there, or cannot be run, says what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-model-'));
  await expect(localEmbedder({ folder })).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('config.json') });
  writeFileSync(join(folder, 'config.json'), '{}');
  const code = await localEmbedder({ folder }).catch((error: { code: string; message: string }) => `${error.code} ${error.message}`);
  // With transformers.js installed the empty model is at fault, without it that it is not.
  expect(code).toMatch(/unavailable .*npm install @huggingface\/transformers|not_found .*no model/);
});

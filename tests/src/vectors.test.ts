import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findService } from '@supervisor/client';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, TestHome } from './harness.js';

const fakeKey = 'fake-embedding-key-0123456789';
const meanings = [['undo', 'revert'], ['automobile', 'vehicle'], ['invoice']];

let home: TestHome;
let folder: string;
let server: Server;
let url: string;
const seen: { authorization: string | undefined; body: string }[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-vectors-'));
  // An endpoint that speaks as OpenAI's does, with a number for each meaning.
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    seen.push({ authorization: request.headers.authorization, body });
    const { input } = JSON.parse(body) as { input: string[] };
    const embedding = (text: string) => [...meanings.map((words) => Number(words.some((word) => text.toLowerCase().includes(word)))), 0.1];
    response.end(JSON.stringify({ data: input.map((text, index) => ({ index, embedding: embedding(text) })) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  home = await TestHome.create();
  await home.start();
});
afterAll(async () => {
  await home.remove();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

async function session(role: 'agent' | 'owner') {
  const rpc = (await findService(home.home))!;
  await rpc.request('hello', { role, project: 'shop' });
  const call = async (name: string, input: object) => (await rpc.request('call', { operation: name, input })) as Record<string, any>;
  return { call, close: () => rpc.close() };
}

test('an owner names a model, with a secret as its key; what words miss is found, and the answer says how', async () => {
  const owner = await session('owner');
  await owner.call('store_secret', { path: 'shop/fake/embeddings', value: fakeKey, exposure: 'use' });
  await owner.call('learn', { text: `Undo a release by deploying the tag before it, with ${fakeKey}.` });
  await owner.call('learn', { text: 'Every invoice has a number.' });
  expect(await owner.call('search_knowledge', { query: 'revert' })).toMatchObject({ results: [], mode: 'lexical', embedder: null });
  const agent = await session('agent');
  await expect(agent.call('configure_embedder', { url, model: 'fake' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(owner.call('configure_embedder', { url })).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(owner.call('configure_embedder', { url: 'http://embeddings.example.com/v1', model: 'fake' })).rejects.toMatchObject({
    code: 'invalid_input',
  });
  const status = await owner.call('configure_embedder', { url, model: 'fake', secret: 'shop/fake/embeddings' });
  expect(status).toMatchObject({ dims: 4, settings: { url, model: 'fake', secret: 'shop/fake/embeddings' } });
  for (const end = Date.now() + 20_000; (await agent.call('get_embedder', {}))['state'] !== 'ready';) {
    if (Date.now() > end) throw new Error('The vectors are not made.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const found = await agent.call('search_knowledge', { query: 'revert', explain: true });
  expect(found).toMatchObject({ mode: 'hybrid', embedder: `${new URL(url).host}/fake` });
  expect(found['results'][0].text).toMatch(/^Undo a release/);
  expect((await home.cli('search', 'revert', '--explain')).stdout).toContain(`by the vectors of ${new URL(url).host}/fake`);
  expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${fakeKey}`]));
  expect(seen.some(({ body }) => body.includes(fakeKey))).toBe(false);
  expect(readFileSync(`${home.home.logs}/service.log`, 'utf8')).not.toContain(fakeKey);
  owner.close();
  agent.close();
});

test('after a restart vectors are still asked, and without the endpoint words serve and say so', async () => {
  await home.stop();
  await home.start();
  const agent = await session('agent');
  expect(await agent.call('search_knowledge', { query: 'revert' })).toMatchObject({ mode: 'hybrid' });
  seen.length = 0;
  await agent.call('search_knowledge', { query: 'invoice' });
  expect(seen).toHaveLength(1);
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
  const answer = await agent.call('search_knowledge', { query: 'invoice number' });
  expect(answer).toMatchObject({ mode: 'lexical', embedder: null, reason: expect.stringContaining('cannot be reached') });
  expect(answer['results'][0].text).toContain('invoice');
  expect((await home.cli('search', 'invoice')).stdout).toContain('Found by words alone.');
  await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), '127.0.0.1', resolve));
  agent.close();
});

test('the second example of the README runs as pasted', async () => {
  const readme = readFileSync(join(root, 'packages/knowledge/README.md'), 'utf8');
  const example = [...readme.matchAll(/```js\n([^]*?)```/g)][1]![1]!;
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'example.mjs');
  writeFileSync(file, example);
  const { stdout, stderr } = await home.run([file], '', { EMBEDDINGS_URL: url });
  expect(stderr).toBe('');
  expect(stdout.trim()).toBe(/console\.log\(.*\); \/\/ (.*)/.exec(example)![1]);
});

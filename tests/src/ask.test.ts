import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { findService } from '@supervisor/client';
import { callTool, programs, TestHome } from './harness.js';

let home: TestHome;
beforeAll(async () => {
  home = await TestHome.create();
  await home.start();
});
afterAll(() => home.remove());

async function session(role: 'agent' | 'owner') {
  const rpc = (await findService(home.home))!;
  await rpc.request('hello', { role });
  const call = async (name: string, input: object) => (await rpc.request('call', { operation: name, input })) as Record<string, any>;
  return { call, close: () => rpc.close() };
}

test('a person types what an agent asked for, once, and the agent has not seen it', async () => {
  const agent = await session('agent');
  const person = await session('owner');
  const asked = await agent.call('store_secret', { path: 'shop/stripe/key', from: 'person', exposure: 'use', description: '<b>pay</b>' });
  expect(asked).toMatchObject({ path: 'shop/stripe/key', waiting: expect.any(String) });
  expect(JSON.stringify(asked)).not.toContain('/ask/');
  const { questions } = await person.call('list_secret_questions', {});
  const { link } = questions[0];

  const shown = await fetch(link);
  expect(shown.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'/,
  );
  const page = await shown.text();
  expect(page).toContain('shop/stripe/key');
  expect(page).not.toContain('<b>pay');

  const post = (value: string, headers = {}) => fetch(link, { method: 'POST', body: new URLSearchParams({ value }), headers });
  expect((await post('evil', { origin: 'http://evil.example.com' })).status).toBe(403);
  expect((await post('')).status).toBe(400);
  expect((await post('typed+by a%person', { origin: home.url })).status).toBe(200);
  expect((await post('again')).status).toBe(404);
  expect((await fetch(link)).status).toBe(404);

  expect((await person.call('use_secrets', { paths: ['shop/stripe/key'] })).secrets).toMatchObject([{ value: 'typed+by a%person' }]);
  await expect(agent.call('retrieve_secret', { path: 'shop/stripe/key' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(agent.call('list_secret_questions', {})).rejects.toMatchObject({ code: 'forbidden' });
  agent.close();
  person.close();
});

test('a host that can is asked to open the page, and the agent does not see its address', async () => {
  const pages: { url: string; message: string }[] = [];
  const host = new Client({ name: 'test', version: '1.0.0' }, { capabilities: { elicitation: { url: {} } } });
  host.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    if (params.mode === 'url') pages.push(params);
    return { action: 'accept' };
  });
  await host.connect(
    new StdioClientTransport({ command: process.execPath, args: [programs.pipe], env: home.env, cwd: home.work, stderr: 'ignore' }),
  );
  const asked = await callTool(host, 'store_secret', { path: 'shop/mail/key', from: 'person' });
  expect(JSON.stringify(asked)).not.toContain('/ask/');
  const [page] = pages;
  expect(page).toMatchObject({ url: expect.stringContaining(`${home.url}/ask/`), message: expect.stringContaining('shop/mail/key') });
  expect((await fetch(page!.url, { method: 'POST', body: new URLSearchParams({ value: 'typed-fake' }) })).status).toBe(200);
  expect((await callTool(host, 'retrieve_secret', { path: 'shop/mail/key' })).structuredContent).toMatchObject({ value: 'typed-fake' });
  await host.close();
});

test('a host that cannot is not asked', async () => {
  const host = await home.client();
  expect((await callTool(host, 'store_secret', { path: 'shop/chat/key', from: 'person' })).isError).toBeFalsy();
});

test('a generated value is not shown, and is not replaced by asking again', async () => {
  const agent = await session('agent');
  const generate = () => agent.call('store_secret', { path: 'shop/own/secret', from: 'generate' });
  const first = await generate();
  const { value } = await agent.call('retrieve_secret', { path: 'shop/own/secret' });
  expect(value).toMatch(/^[\w-]{43}$/);
  expect(JSON.stringify(first)).not.toContain(value);
  expect(await generate()).toMatchObject({ version: 1, changed: false });
  expect((await agent.call('retrieve_secret', { path: 'shop/own/secret' })).value).toBe(value);
  await expect(agent.call('store_secret', { path: 'shop/own/other', from: 'generate', value: 'x' })).rejects.toMatchObject({
    code: 'invalid_input',
  });
  agent.close();
});

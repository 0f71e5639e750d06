import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readServiceNote } from '@supervisor/client';
import { callTool, programs, TestHome } from './harness.js';

// One home for all: the first that needs a service starts it.
let home: TestHome;
beforeAll(async () => {
  home = await TestHome.create();
});
afterAll(() => home.remove());

test('nothing but JSON-RPC on stdout, and the end of stdin is the end', async () => {
  const lines = [
    'nonsense',
    '',
    '[]',
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":2,"method":"resources/list"}',
    '{"jsonrpc":"2.0","id":3,"method":5}',
    '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":[1]}',
    '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":null}',
    '{"jsonrpc":"2.0","id":"x","method":"initialize","params":{"protocolVersion":"2024-11-05"}}',
  ];
  const { code, stdout } = await home.run([programs.pipe], `${lines.join('\n')}\n`);
  expect(code).toBe(0);
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(answers).toMatchObject([
    { error: { code: -32700 } },
    { id: null, error: { code: -32600 } },
    { id: 1, result: {} },
    { id: 2, error: { code: -32601 } },
    { id: 3, error: { code: -32600 } },
    { id: 4, error: { code: -32600 } },
    { id: null, error: { code: -32600 } },
    { id: 'x', result: { protocolVersion: '2024-11-05' } },
  ]);
});

test('a wrong flag is said on stderr', async () => {
  expect(await home.run([programs.pipe, '--toolsets', 'nonsense'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('default, admin, cloud'),
  });
});

test('tools are shown before any service runs, and calls start one', async () => {
  const client = await home.client();
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(tools.map(({ name }) => name).toSorted());
  expect(client.getInstructions()).toContain('allocate_port');
  mkdirSync(join(home.work, '.git'));
  expect(await callTool(client, 'mcp__meta__allocate_port', { service: 'web', project: 'shop' })).toMatchObject({
    structuredContent: { port: expect.any(Number) },
  });
  const unknown = await callTool(client, 'alocate_port', { service: 'web' });
  expect(unknown).toMatchObject({ isError: true });
  expect(JSON.parse(unknown.content[0]!.text)).toMatchObject({
    error: { code: 'unknown_operation', details: { near: ['allocate_port'] } },
  });
  const large = await callTool(client, 'learn', { text: 'x'.repeat(9 * 1024 * 1024) });
  expect(JSON.parse(large.content[0]!.text)).toMatchObject({ error: { code: 'too_large' } });
});

test('a killed service is started again, and nothing acknowledged is lost', async () => {
  const client = await home.client();
  await callTool(client, 'allocate_port', { service: 'web', project: 'shop' });
  process.kill(readServiceNote(home.home)!.pid, 'SIGKILL');
  expect(await callTool(client, 'allocate_port', { service: 'web', project: 'shop' })).toMatchObject({
    structuredContent: { port: expect.any(Number), created: false },
  });
});

test('a bound or read-only pipe stays inside its bounds', async () => {
  const bound = await home.client(['--project', 'shop', '--toolsets', 'all']);
  expect(await callTool(bound, 'allocate_port', { service: 'web', project: 'blog' })).toMatchObject({ isError: true });
  expect(await callTool(bound, 'retrieve_secret', { path: 'meta/a/b' })).toMatchObject({ isError: true });
  expect(await callTool(bound, 'delete_secret', { path: 'shop/a/b' })).toMatchObject({ isError: true });
  const readOnly = await home.client(['--read-only', '--toolsets', 'all']);
  expect((await readOnly.listTools()).tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true);
  expect(await callTool(readOnly, 'store_secret', { path: 'shop/a/b', value: 'x' })).toMatchObject({ isError: true });
});

test('a project file that cannot be read is said to whoever would use it, and to nobody else', async () => {
  const file = join(home.work, '.supervisor.json');
  writeFileSync(file, '{"project": "shop",}');
  const client = await home.client();
  const lost = await callTool(client, 'start_task', { id: 'a', type: 'bug_fix', description: 'x' });
  expect(lost).toMatchObject({ isError: true });
  expect(lost.content[0]!.text).toContain('.supervisor.json: this is not a JSON object');
  expect(await callTool(client, 'allocate_port', { service: 'docs', project: 'shop' })).toMatchObject({
    structuredContent: { created: true },
  });
  const bound = await home.client(['--project', 'blog']);
  expect(await callTool(bound, 'allocate_port', { service: 'web' })).toMatchObject({ structuredContent: { project: 'blog' } });
  expect(await home.cli('ports', 'allocate', 'api')).toMatchObject({ code: 1, stderr: expect.stringContaining('.supervisor.json: ') });
  expect(await home.cli('ports', 'get', 'docs', '--project', 'shop')).toMatchObject({ code: 0 });
  expect(await home.cli('status')).toMatchObject({ code: 0 });
  rmSync(file);
});

test('a wrong key refuses, names the one that is needed, and changes nothing', async () => {
  // No other pipe may start its service meanwhile.
  const own = await TestHome.create();
  await own.start();
  const key = readFileSync(own.home.encryptionKey, 'utf8');
  const { key: recorded } = JSON.parse(readFileSync(own.home.instance, 'utf8')) as { key: { id: string } };
  await own.stop();
  for (const wrong of ['0123456789abcdef'.repeat(4), 'short', '']) {
    writeFileSync(own.home.encryptionKey, wrong);
    const child = own.spawn([programs.api], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr!.on('data', (chunk) => (stderr += chunk));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(stderr).toContain(recorded.id);
  }
  const client = await own.client();
  const refused = await callTool(client, 'list_ports', {});
  expect(JSON.parse(refused.content[0]!.text)).toMatchObject({ error: { code: 'wrong_key' } });
  writeFileSync(own.home.encryptionKey, key);
  expect(await callTool(client, 'list_ports', {})).not.toHaveProperty('isError');
  await own.remove();
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readServiceNote } from '@supervisor/client';
import { callTool, programs, TestHome } from './harness.js';
import { withPostgres } from './postgres.js';
import { startProxy } from './proxy.js';
import { withTerminal } from './terminal.js';

const ENCRYPTION_KEY = '0123456789abcdef'.repeat(4);

let home: TestHome;
beforeEach(async () => {
  home = await TestHome.create();
});
afterEach(() => home.remove());

test('a pipe to a service elsewhere, by URL and token', async () => {
  await home.start();
  home.env['SUPERVISOR_TOKEN_FILE'] = home.home.token;
  const client = await home.client(['--url', home.url, '--project', 'shop']);
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('store_secret');
  expect(await callTool(client, 'allocate_port', { service: 'web' })).toMatchObject({
    structuredContent: { port: expect.any(Number), project: 'shop' },
  });
  expect(await callTool(client, 'allocate_port', { service: 'web', project: 'blog' })).toMatchObject({ isError: true });
  const text = 'A line\u2028and another, about wombats.';
  expect(await callTool(client, 'learn', { text })).toMatchObject({ structuredContent: { created: true } });
  expect(await callTool(client, 'search_knowledge', { query: 'wombats' })).toMatchObject({ structuredContent: { results: [{ text }] } });
  const odd = ['nonsense', '[{"jsonrpc":"2.0","id":5,"method":5}]', '{"jsonrpc":"2.0","id":6,"method":"ping"}'];
  const { stdout } = await home.run([programs.pipe, '--url', home.url], `${odd.join('\n')}\n`);
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: unknown });
  expect(answers.toSorted((a, b) => Number(a.id) - Number(b.id))).toMatchObject([
    { id: null, error: { code: -32700 } },
    { id: 5, error: { code: -32600 } },
    { id: 6, result: {} },
  ]);
  const { stderr } = await home.run([programs.pipe, '--url', home.url], '', { SUPERVISOR_TOKEN_FILE: '' });
  expect(stderr).toContain(`supervisor login ${home.url}`);
});

test('a pipe that stands alone needs PostgreSQL', async () => {
  expect(await home.run([programs.pipe, '--standalone'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('DATABASE_URL'),
  });
});

withPostgres('a pipe that stands alone', async (database) => {
  const alone = await TestHome.create({ ENCRYPTION_KEY, DATABASE_URL: database.url });
  const client = await alone.client(['--standalone']);
  expect(await callTool(client, 'allocate_port', { service: 'web', project: 'shop' })).toMatchObject({
    structuredContent: { port: expect.any(Number) },
  });
  // What was asked before the end of stdin is answered after it.
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  const requests = [
    { id: 0, method: 'initialize', params: initialize },
    { method: 'notifications/initialized' },
    ...Array.from({ length: 20 }, (_, index) => ({
      id: index + 1,
      method: 'tools/call',
      params: { name: 'learn', arguments: { project: 'shop', text: `Wombat ${index} digs on its own.` } },
    })),
  ];
  const lines = requests.map((request) => JSON.stringify({ jsonrpc: '2.0', ...request }));
  const { stdout } = await alone.run([programs.pipe, '--standalone'], `${lines.join('\n')}\n`);
  const answers = stdout.trim().split('\n');
  expect(answers.filter((line) => line.includes('"created":true'))).toHaveLength(20);
  await alone.remove();
});

withPostgres('a service whose database hangs ends all the same, and at once when it is told twice', async (database) => {
  const between = await startProxy(database.url);
  const served = await TestHome.create({ ENCRYPTION_KEY, DATABASE_URL: between.url });
  try {
    for (const twice of [false, true]) {
      await served.start();
      const { pid } = readServiceNote(served.home)!;
      between.hang();
      const began = performance.now();
      process.kill(pid, 'SIGTERM');
      if (twice) {
        await sleep(2500);
        process.kill(pid, 'SIGTERM');
      }
      while (isAlive(pid) && performance.now() - began < 20_000) await sleep(50);
      expect(performance.now() - began).toBeLessThan(twice ? 4500 : 12_000);
      between.goOn();
    }
  } finally {
    await served.remove();
    between.close();
  }
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

withPostgres('while the database is away a pipe keeps its connection, and works again after it', async (database) => {
  const served = await TestHome.create({ ENCRYPTION_KEY, DATABASE_URL: database.url });
  await served.start();
  const client = await served.client();
  const allocate = () => callTool(client, 'allocate_port', { service: 'web', project: 'shop' });
  expect(await allocate()).toMatchObject({ structuredContent: { created: true } });
  await database.away(async () => {
    for (let call = 0; call < 5; call++) {
      const { error } = JSON.parse((await allocate()).content[0]!.text) as { error: { code: string } };
      expect(['unavailable', 'internal']).toContain(error.code);
    }
  });
  expect(await allocate()).toMatchObject({ structuredContent: { created: false } });
  // What failed is logged, and no statement with it.
  const logs = readdirSync(served.home.logs).map((name) => readFileSync(join(served.home.logs, name), 'utf8'));
  expect(logs.join('')).toContain('its call failed');
  expect(logs.join('')).not.toMatch(/select .* from|Failed query/i);
  await served.remove();
});

test('a busy port is named with who has it, and the socket serves all the same', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(Number(home.env['SUPERVISOR_PORT']), '127.0.0.1', resolve));
  const child = home.spawn([programs.api], { stdio: ['ignore', 'pipe', 'inherit'] });
  let banner = '';
  await new Promise<void>((resolve) => {
    child.stdout!.on('data', (chunk) => {
      banner += String(chunk);
      if (banner.includes('Keep a copy')) resolve();
    });
  });
  expect(banner).toMatch(
    new RegExp(`Port ${home.env['SUPERVISOR_PORT']} is taken by pid ${process.pid}\\b.*: no HTTP\\. .+ set SUPERVISOR_PORT`),
  );
  // The page would be that other program's.
  const asked = await home.cli('secrets', 'store', 'shop/stripe/key', '--from', 'person');
  expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('No page can be shown') });
  other.close();
  expect((await home.cli('status')).stdout).toContain('embedded');
});

describe('one that runs', () => {
  let running: TestHome;
  beforeAll(async () => {
    running = await TestHome.create();
    await running.start();
  });
  afterAll(() => running.remove());

  test('a second start says that the first one runs', async () => {
    const second = await running.run([programs.api]);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain('It was running already');
    expect(second.stdout).toContain(running.url);
  });

  withTerminal('the owner makes a token on a terminal; it is shown once and works', async () => {
    const create = ['tokens', 'create', 'ci', '--project', 'shop', '--read-only'];
    expect(running.onTerminal(create, 'n\n').shown).toContain('Nothing was done');
    const [token] = /sup_\w+_[\w-]{43}_[0-9a-f]{8}/.exec(running.onTerminal(create, 'y\n').shown) ?? [];
    expect(token).toBeDefined();
    const ask = (path: string, method = 'GET') =>
      fetch(`${running.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    expect((await ask('/ports')).status).toBe(200);
    expect((await ask('/ports?project=blog')).status).toBe(403);
    expect((await ask('/projects/shop/ports/web', 'PUT')).status).toBe(403);
    const id = token!.split('_')[1];
    expect(running.onTerminal(['tokens', 'revoke', id!], 'y\n').shown).toContain('revokedAt');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await ask('/ports')).status).toBe(401);
    expect(readFileSync(`${running.home.logs}/service.log`, 'utf8')).not.toContain(token!);
  });
});

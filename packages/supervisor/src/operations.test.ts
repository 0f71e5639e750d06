import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agent, homeAt, listTools, owner, parseToolsets, type Context, type FieldSchema, type Principal } from '@supervisor/core';
import { catalogue } from './catalogue.js';
import { openSupervisor, type Supervisor } from './compose.js';
import { forgetProject } from './forget-project.js';
import type { Managers } from './managers.js';

const { operations, instructions } = catalogue();
const exampleOf = ({ examples }: FieldSchema) => (Array.isArray(examples) ? (examples[0] as unknown) : undefined);

describe('the contract', () => {
  test('operations.json is current', () => {
    const written: unknown = JSON.parse(readFileSync(new URL('../dist/operations.json', import.meta.url), 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(catalogue())));
  });

  test('names are short, single and plain; summaries are one line', () => {
    const names = operations.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, summary } of operations) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(name.length).toBeLessThanOrEqual(32);
      expect(summary).toMatch(/^[A-Z][^.\n]{5,100}$/);
    }
    const commands = operations.map(({ command }) => command).filter((command) => command !== '');
    expect(new Set(commands).size).toBe(commands.length);
    const routes = operations.flatMap(({ route }) => (route ? [`${route.method} ${route.path.replace(/\{\w+\}/g, '{}')}`] : []));
    expect(new Set(routes).size).toBe(routes.length);
  });

  test('inputs are flat objects that name every path field, and no sensitive field is in a URL', () => {
    for (const { name, input, route, sensitive, access } of operations) {
      expect({ name, strict: input.additionalProperties }).toEqual({ name, strict: false });
      const inPath = [...(route?.path ?? '').matchAll(/\{(\w+)\}/g)].map(([, field]) => field!);
      for (const field of inPath) expect(Object.keys(input.properties)).toContain(field);
      expect(inPath.filter((field) => sensitive.includes(field))).toEqual([]);
      if (route && ['GET', 'DELETE'].includes(route.method)) expect({ name, sensitive }).toEqual({ name, sensitive: [] });
      if (access === 'owner') expect({ name, route }).toEqual({ name, route: undefined });
    }
  });

  test('the default tools fit what an agent can afford to read', () => {
    const tools = listTools(operations);
    expect(tools.length).toBeLessThanOrEqual(18);
    expect(instructions.length).toBeLessThanOrEqual(1200);
    const shown = JSON.stringify(tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })));
    // Three and a half characters a token, as JSON usually takes.
    expect(shown.length / 3.5).toBeLessThanOrEqual(2500);
    for (const { description } of listTools(operations, { toolsets: parseToolsets('all') })) expect(description.length).toBeLessThan(1000);
  });
});

describe('every operation', () => {
  let supervisor: Supervisor;
  beforeAll(async () => {
    const home = homeAt(mkdtempSync(join(tmpdir(), 'supervisor-operations-')));
    supervisor = await openSupervisor({ home, useEnvironment: false }, (_id, operation, error) => {
      throw new Error(`${operation} failed`, { cause: error });
    });
  });
  afterAll(() => supervisor.close());
  const as = (principal: Principal): Context => ({ principal, project: 'shop', signal: new AbortController().signal, progress: () => {} });
  const code = (name: string, input: unknown, principal: Principal) =>
    supervisor.call(name, input, as(principal)).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );

  test('a project is forgotten when nothing is left that its owner must see to', async () => {
    const call = (name: string, input: object) => supervisor.call(name, input, as(owner));
    const { port } = await call('allocate_port', { project: 'over', service: 'web' });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port as number, '127.0.0.1', resolve));
    await call('store_secret', { path: 'over/mail/key', value: 'a-value-of-some-length' });
    await call('learn', { project: 'over', text: 'The webhook is signed twice.' });
    for (const id of ['one', 'two']) await call('start_task', { project: 'over', id, type: 'fix', description: 'x' });
    await call('complete_task', { project: 'over', id: 'one' });
    await call('create_token', { name: 'ci', project: 'over' });
    await call('create_token', { name: 'other', project: 'blog', paths: ['blog/**', 'over/mail/*', 'overt/**'] });
    await expect(call('forget_project', { project: 'over' })).rejects.toMatchObject({
      code: 'conflict',
      details: {
        secrets: 1,
        knowledge: 1,
        'running tasks': 1,
        tokens: 1,
        'grants of other tokens': 1,
        'ports that somebody listens on': 1,
      },
    });
    await new Promise((resolve) => server.close(resolve));
    expect(await code('forget_project', { project: 'meta' }, owner)).toBe('protected');
    await call('delete_secret', { path: 'over/mail/key' });
    await call('forget_knowledge', { project: 'over' });
    await call('complete_task', { project: 'over', id: 'two' });
    const { tokens } = (await call('list_tokens', {})) as { tokens: { id: string }[] };
    for (const { id } of tokens) await call('revoke_token', { id });
    expect(await call('forget_project', { project: 'over' })).toEqual({
      released: [port],
      range: { first: expect.any(Number), last: expect.any(Number) },
      tasks: 2,
    });
    expect(await call('list_projects', { project: 'over' })).toEqual({ projects: [] });
    expect(await call('list_port_ranges', { project: 'over' })).toEqual({ ranges: [] });
    expect(await code('forget_project', { project: 'over' }, owner)).toBe('not_found');
  });

  test('a key is kept in no description, and no outcome', async () => {
    const call = (name: string, input: object) => supervisor.call(name, input, as(owner));
    const key = 'some fake words that nobody guesses';
    await call('store_secret', { path: 'prose/fake/key', value: key });
    const text = `It is ${key}.`;
    const [startedAt, endedAt] = ['2020-01-01T00:00:00Z', '2020-01-01T00:01:00Z'];
    const over = {
      project: 'prose',
      id: 'past',
      type: 'fix',
      status: 'completed',
      startedAt,
      endedAt,
      durationSeconds: 60,
      agent: null,
      model: null,
    };
    const kept = [
      await call('allocate_port', { project: 'prose', service: 'web', description: text }),
      await call('start_task', { project: 'prose', id: 'one', type: 'fix', description: text }),
      await call('complete_task', { project: 'prose', id: 'one', outcome: text }),
      await call('start_task', { project: 'prose', id: 'two', type: 'fix', description: text }),
      await call('complete_task', { project: 'prose', id: 'two', failed: text }),
      await call('store_secret', { path: 'prose/fake/other', value: 'another one', description: text }),
      await call('store_secret_bulk', { secrets: [{ path: 'prose/fake/third', value: 'a third one', description: text }] }),
      await call('record_tasks', { tasks: [{ ...over, description: text }] }),
      await call('list_secrets', { project: 'prose' }),
      await call('list_tasks', { project: 'prose' }),
      await call('list_ports', { project: 'prose' }),
    ];
    expect(JSON.stringify(kept)).toContain('It is [secret:prose/fake/key].');
    expect(JSON.stringify(kept)).not.toContain('nobody guesses');
  });

  test.each([
    ['a minute ago', 60_000, 'conflict'],
    ['an hour ago', 3_600_000, 'not_found'],
  ])('what another host saw listening %s is heeded when a project is forgotten', async (_, ago, expected) => {
    const none = async () => [];
    const seen = { listener: null, state: 'unknown', lastSeenAt: new Date(Date.now() - ago).toISOString() };
    const managers = {
      secrets: { countByProject: none },
      tasks: { countByProject: none, pruneTasks: async () => 0 },
      knowledge: { stats: none },
      cloudflare: { listExposures: none, listRoutes: none, listRecords: async () => ({ rows: [] }) },
      gcloud: { listVms: async () => ({ vms: [] }) },
      tokens: { list: none },
      ports: { listLive: async () => ({ allocations: [seen] }), releaseProject: async () => ({ released: [], range: null }) },
    } as unknown as Managers;
    await expect(forgetProject.handle(managers, { project: 'over' }, as(owner))).rejects.toMatchObject({ code: expected });
  });

  test.each(operations)('$name refuses who lacks its scope, and what it does not know', async ({ name, access }) => {
    const nobody: Principal = { ...agent(), scopes: [] };
    expect(await code(name, {}, nobody)).toBe('forbidden');
    if (access === 'owner')
      expect(await code(name, {}, { ...nobody, kind: 'token', scopes: ['read', 'use', 'write', 'destroy'] })).toBe('forbidden');
    expect(await code(name, { nonsense: 1 }, owner)).toBe('invalid_input');
    expect(await code(name, [], owner)).toBe('invalid_input');
  });

  test.each(operations.filter(({ input, access }) => access !== 'destroy' && input.properties['project'] && input.required === undefined))(
    '$name works with what its caller’s folder says alone',
    async ({ name }) => {
      if (name !== 'create_token') expect(await code(name, {}, agent())).toBe('ok');
    },
  );

  test.each(operations.filter(({ input, access }) => access !== 'owner' && (input.properties['project'] ?? input.properties['path'])))(
    '$name keeps a bound caller in its project',
    async ({ name, input }) => {
      const values: Record<string, unknown> = {
        text: 'x',
        path: '/srv/x',
        language: 'english',
        root: '/srv/x',
        documents: [],
        sources: [],
        service: 's',
        instance: 'fix',
        id: 'i',
        port: 3150,
        type: 'A',
        name: 'a.example.com',
        hostname: 'a.example.com',
        content: '192.0.2.1',
        access: 'public',
        description: 'd',
        error: 'e',
        value: 'v',
        version: 1,
        olderThanDays: 30,
        machineType: 'e2-small',
        labels: [],
      };
      const fields = Object.keys(input.properties).filter((field) => input.required?.includes(field));
      const elsewhere = input.properties['project'] ? { project: 'blog' } : { path: 'blog/a/b' };
      const given = Object.fromEntries(fields.map((field) => [field, exampleOf(input.properties[field]!) ?? values[field]]));
      expect(await code(name, { ...given, ...elsewhere }, { ...owner, kind: 'token', boundTo: 'shop' })).toBe('forbidden');
    },
  );
});

import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { bind, type Audit } from './bind.js';
import { SupervisorError } from './errors.js';
import { projectField, projectFilter, sensitive } from './fields.js';
import type { Grant } from './grants.js';
import { NotFound } from './nearest.js';
import { operation, type Context, type Module } from './operation.js';
import { agent, owner, type Principal } from './principal.js';

interface Deps {
  notes: Map<string, string>;
}

const module: Module = {
  name: 'notes',
  migrations: new URL('file:///none/'),
  operations: [
    operation({
      name: 'write_note',
      summary: 'Write',
      access: 'write',
      input: z.object({ text: sensitive(z.string().max(10)), project: projectField() }),
      output: z.object({ project: z.string(), length: z.int() }),
      subject: () => 'note',
      handle: async ({ notes }: Deps, { project, text }) => {
        if (text === 'boom') throw new Error('insert into notes values (boom)');
        if (text === 'taken') throw new SupervisorError('conflict', 'There is one already.');
        notes.set(project, text);
        return { project, length: text.length, text };
      },
    }),
    operation({
      name: 'list_notes',
      summary: 'List',
      access: 'read',
      input: z.object({ project: projectFilter() }),
      output: z.object({ project: z.string().optional() }),
      handle: async (_: Deps, { project }) => ({ project }),
    }),
    operation({
      name: 'open_note',
      route: 'GET /notes/{path}/text',
      summary: 'Open',
      access: 'use',
      input: z.object({ path: z.string() }),
      output: z.object({}),
      projects: ({ path }) => [path.split('/')[0]!],
      paths: ({ path }) => [path],
      subject: ({ path }) => path,
      handle: (_: Deps, { path }) => {
        if (path.endsWith('/gone')) throw new NotFound('There is none.', path, ['shop/gone1', 'shop/shut'], 'Write one.');
        if (path.endsWith('/shuf')) throw new NotFound('There is none.', path, ['shop/shut'], 'Write one.');
        return Promise.resolve({});
      },
    }),
    operation({
      name: 'grant_all',
      summary: 'Loosen',
      access: 'owner',
      input: z.object({}),
      output: z.object({}),
      handle: async () => ({}),
    }),
  ],
};

function setUp() {
  const rows: { operation: string; project?: string | undefined; subject?: string | undefined; outcome?: string }[] = [];
  const logged: unknown[] = [];
  let failing = false;
  const audit: Audit = {
    async intent({ operation, projects: [project] }) {
      if (failing) throw new Error('audit is down');
      return String(rows.push({ operation, project }) - 1);
    },
    async outcome(call, _entry, outcome) {
      rows[Number(call)]!.outcome = outcome;
    },
    async record({ operation, projects: [project], subject }, outcome) {
      if (failing) throw new Error('audit is down');
      rows.push({ operation, project, subject, outcome });
    },
  };
  const notes = new Map<string, string>();
  const { call } = bind([module], { notes }, { audit, logError: (_id, _operation, error) => logged.push(error) });
  const as = (principal: Principal, project?: string): Context => ({
    principal,
    project,
    signal: new AbortController().signal,
    progress: () => {},
  });
  return { call, as, notes, rows, logged, breakAudit: () => (failing = true) };
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: SupervisorError) => error.code,
  );

test('fills the project in from the caller and strips what the output does not name', async () => {
  const { call, as, notes, rows } = setUp();
  expect(await call('write_note', { text: 'hi' }, as(agent(), 'shop'))).toEqual({ project: 'shop', length: 2 });
  expect(notes.get('shop')).toBe('hi');
  expect(rows).toEqual([{ operation: 'write_note', project: 'shop', outcome: 'ok' }]);
});

test('says what is wrong with an input, never its value', async () => {
  const { call, as, rows } = setUp();
  const refused = call('write_note', { text: 'much-too-long-a-secret', extra: 1 }, as(agent(), 'shop'));
  await expect(refused).rejects.toMatchObject({ code: 'invalid_input', details: { fields: ['text', 'extra'] } });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('much-too') });
  expect(await code(call('write_note', null, as(agent(), 'shop')))).toBe('invalid_input');
  expect(await code(call('write_note', 'text', as(agent(), 'shop')))).toBe('invalid_input');
  expect(await code(call('write_note', { text: 'hi' }, as(agent())))).toBe('invalid_input');
  expect(rows).toEqual([]);
});

test('what is expected is said in words', async () => {
  const { call, as } = setUp();
  const said = (input: object) => call('write_note', input, as(agent(), 'shop')).catch(({ message }: SupervisorError) => message);
  expect(await said({})).toBe('write_note: text is missing.');
  expect(await said({ text: 5 })).toBe('write_note: text must be text.');
  expect(await said({ text: 'much-too-long-a-text' })).toMatch(/^write_note: text must be at most \d+ characters long\.$/);
  expect(await said({ text: 'a', colour: 'red' })).toBe('write_note: unknown field colour; there are text, project.');
});

test('a bound caller gets its own project and no other', async () => {
  const { call, as } = setUp();
  const bound = as(agent({ boundTo: 'shop' }), 'elsewhere');
  expect(await call('write_note', { text: 'hi' }, bound)).toMatchObject({ project: 'shop' });
  expect(await call('list_notes', {}, bound)).toEqual({ project: 'shop' });
  expect(await code(call('write_note', { text: 'hi', project: 'api' }, bound))).toBe('forbidden');
  expect(await code(call('list_notes', { project: 'api' }, bound))).toBe('forbidden');
  expect(await call('list_notes', {}, as(agent(), 'shop'))).toEqual({});
});

test('scopes decide, and owner operations are never an agent’s', async () => {
  const { call, as } = setUp();
  expect(await code(call('write_note', { text: 'hi' }, as(agent({ readOnly: true }), 'shop')))).toBe('forbidden');
  expect(await code(call('grant_all', {}, as(agent())))).toBe('forbidden');
  expect(await code(call('grant_all', {}, as({ ...agent(), kind: 'token', scopes: ['read', 'use', 'write', 'destroy'] })))).toBe(
    'forbidden',
  );
  expect(await code(call('grant_all', {}, as(owner)))).toBe('ok');
});

test('a refusal leaves a row, and stays one when the trail is down', async () => {
  const { call, as, rows, logged, breakAudit } = setUp();
  expect(await code(call('list_notes', { project: 'api' }, as(agent({ boundTo: 'shop' }))))).toBe('forbidden');
  expect(await code(call('grant_all', {}, as(agent())))).toBe('forbidden');
  expect(rows).toEqual([
    { operation: 'list_notes', project: 'api', outcome: 'forbidden' },
    { operation: 'grant_all', project: undefined, outcome: 'forbidden' },
  ]);
  breakAudit();
  expect(await code(call('grant_all', {}, as(agent())))).toBe('forbidden');
  expect(logged).toHaveLength(1);
});

test('a token reaches the paths it was granted, across projects, and no other', async () => {
  const { call, as } = setUp();
  const grants: Grant[] = [
    { paths: 'shop/**', actions: ['use'] },
    { paths: 'meta/*/key', actions: ['use'] },
  ];
  const token: Principal = { ...agent({ boundTo: 'shop' }), kind: 'token', grants };
  expect(await code(call('open_note', { path: 'shop/a/b' }, as(token)))).toBe('ok');
  expect(await code(call('open_note', { path: 'meta/x/key' }, as(token)))).toBe('ok');
  expect(await code(call('open_note', { path: 'meta/x/y/key' }, as(token)))).toBe('forbidden');
  expect(await code(call('open_note', { path: 'shop/a/b' }, as({ ...token, grants: [] })))).toBe('forbidden');
  expect(await code(call('open_note', { path: 'shop/a/b' }, as({ ...token, scopes: ['read'] })))).toBe('forbidden');
  expect(await code(call('open_note', { path: 'meta/x/key' }, as(agent({ boundTo: 'shop' }))))).toBe('forbidden');
});

test('an unexpected error is logged, and shown as an id only', async () => {
  const { call, as, rows, logged } = setUp();
  const failed = call('write_note', { text: 'boom' }, as(owner, 'shop'));
  await expect(failed).rejects.toMatchObject({ code: 'internal', message: expect.not.stringContaining('insert') });
  expect(logged).toHaveLength(1);
  expect(rows[0]).toMatchObject({ outcome: 'internal' });
  expect(await code(call('write_note', { text: 'taken' }, as(owner, 'shop')))).toBe('conflict');
  expect(rows[1]).toMatchObject({ outcome: 'conflict' });
});

test('a name that comes near is told only to who may read it', async () => {
  const { call, as } = setUp();
  const token: Principal = {
    ...agent(),
    kind: 'token',
    grants: [
      { paths: 'shop/**', actions: ['use'] },
      { paths: 'shop/g*', actions: ['read'] },
    ],
  };
  const told = (path: string, principal: Principal) => call('open_note', { path }, as(principal)).catch((error: SupervisorError) => error);
  expect(await told('shop/shuf', owner)).toMatchObject({
    message: 'There is none. Did you mean shop/shut?',
    details: { near: ['shop/shut'] },
  });
  expect(await told('shop/shuf', token)).toMatchObject({ code: 'not_found', message: 'There is none. Write one.', details: { near: [] } });
  expect(await told('shop/gone', token)).toMatchObject({ details: { near: ['shop/gone1'] } });
});

test('without an intent row there is no call', async () => {
  const { call, as, notes, breakAudit } = setUp();
  breakAudit();
  expect(await code(call('write_note', { text: 'hi' }, as(owner, 'shop')))).toBe('internal');
  expect(notes.size).toBe(0);
  expect(await code(call('list_notes', {}, as(owner)))).toBe('ok');
});

test('what only reads has one row, and no answer without it', async () => {
  const { call, as, rows, breakAudit } = setUp();
  expect(await code(call('open_note', { path: 'shop/one' }, as(owner)))).toBe('ok');
  expect(await code(call('open_note', { path: 'shop/gone' }, as(owner)))).toBe('not_found');
  expect(rows).toMatchObject([
    { operation: 'open_note', outcome: 'ok' },
    { operation: 'open_note', outcome: 'not_found' },
  ]);
  breakAudit();
  expect(await code(call('open_note', { path: 'shop/one' }, as(owner)))).toBe('internal');
  expect(await code(call('open_note', { path: 'shop/gone' }, as(owner)))).toBe('internal');
  expect(rows).toHaveLength(2);
});

test('a refusal says what was asked for, as far as it can be read', async () => {
  const { call, as, rows } = setUp();
  const reader = agent({ readOnly: true });
  expect(await code(call('open_note', { path: 'shop/one' }, as(reader)))).toBe('forbidden');
  expect(await code(call('open_note', { path: 5 }, as(reader)))).toBe('forbidden');
  expect(rows).toEqual([
    { operation: 'open_note', project: 'shop', subject: 'shop/one', outcome: 'forbidden' },
    { operation: 'open_note', project: undefined, subject: undefined, outcome: 'forbidden' },
  ]);
});

test('an unknown name is answered with the nearest', async () => {
  const { call, as } = setUp();
  await expect(call('writ_note', {}, as(owner))).rejects.toMatchObject({ code: 'unknown_operation', details: { near: ['write_note'] } });
});

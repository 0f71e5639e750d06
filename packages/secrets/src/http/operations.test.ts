import { expect, test } from '@jest/globals';
import { bind, type Context, type Module, type Principal } from '@supervisor/core';
import { secretOperations } from '../operations.js';
import { requestOperations } from './operations.js';
import { HttpRequester } from './requester.js';

const asked: string[][] = [];
const requests = new HttpRequester({
  use: async (paths) => {
    asked.push([...paths]);
    return paths.map((path) => ({ path, value: 'value-of-a-secret', allowedHosts: [] }));
  },
  connect: () => {
    throw new Error('must not connect');
  },
});
const module: Module = { name: 'secrets', migrations: new URL('file:///none'), operations: requestOperations };
const rows: unknown[] = [];
const { call, operations } = bind(
  [module],
  { requests },
  {
    audit: {
      intent: async ({ subject }) => String(rows.push(subject)),
      outcome: async (_call, _entry, outcome) => void rows.push(outcome),
      record: async (_entry, outcome) => void rows.push(outcome),
    },
    logError: () => {},
  },
);
const as = (principal: Partial<Principal>): Context => ({
  principal: { id: 'agent', kind: 'agent', scopes: ['read', 'use'], boundTo: null, ...principal },
  signal: new AbortController().signal,
  progress: () => {},
});
const request = { url: 'https://api.example.com/a?x={{secret:shop/a/key}}', headers: { b: '{{secret:meta/b/key}}' } };

test('the tool is one that reaches out and is not repeated', () => {
  expect(operations[0]).toMatchObject({ name: 'http_request', openWorld: true, repeat: 'never', sensitive: ['url', 'headers', 'body'] });
});

test('the trail says where to and with which secrets, and nothing else of the request', async () => {
  rows.length = 0;
  await expect(call('http_request', request, as({}))).rejects.toMatchObject({ code: 'forbidden', details: { path: 'shop/a/key' } });
  expect(rows).toEqual(['GET api.example.com shop/a/key meta/b/key', 'forbidden']);
});

test('a caller needs a project, a token a grant, for every secret of the request', async () => {
  asked.length = 0;
  const token: Partial<Principal> = { kind: 'token', grants: [{ paths: 'shop/**', actions: ['use'] }] };
  for (const principal of [{ boundTo: 'shop' }, token, { scopes: ['read' as const] }])
    await expect(call('http_request', request, as(principal))).rejects.toMatchObject({ code: 'forbidden' });
  await expect(call('http_request', { ...request, headers: { b: '{{secret:../x}}' } }, as({ boundTo: 'shop' }))).rejects.toMatchObject({
    code: 'invalid_input',
  });
  expect(asked).toEqual([]);
});

test('only a host that a request may go to can be allowed', () => {
  const { input } = secretOperations.find(({ name }) => name === 'allow_secret_hosts')!;
  const allowed = (host: string) => input.safeParse({ path: 'shop/a/key', hosts: [host] }).success;
  for (const host of ['api.example.com', 'api.example.com:8443', 'xn--bcher-kva.example'])
    expect([host, allowed(host)]).toEqual([host, true]);
  for (const host of ['localhost', '10.0.0.1', '10.0.0.1:8443', '*.example.com', 'api.example.com:443', 'api.example.com:0', 'a..b.com'])
    expect([host, allowed(host)]).toEqual([host, false]);
});

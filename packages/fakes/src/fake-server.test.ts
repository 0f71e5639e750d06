import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { FakeServer } from './fake-server.js';

let things: unknown[] = [];
const server = new FakeServer({
  routes: {
    'GET /things': () => ({ status: 200, body: things }),
    'POST /things': ({ body }) => ({ status: 201, body: { count: things.push(body) } }),
    'GET /things/{id}': ({ params, query }) => ({ status: 200, body: { id: params['id'], sort: query.get('sort') } }),
    'GET /things/special': () => ({ status: 200, body: 'the word wins' }),
  },
  before: ({ headers }) => (headers['x-key'] === 'wrong' ? { status: 401, body: 'no' } : undefined),
  failure: (status, message) => ({ error: { status, message } }),
});
let url: string;
beforeAll(async () => {
  url = await server.listen();
});
afterAll(() => server.close());
beforeEach(() => {
  things = [];
  server.faults.clear();
});

const post = () =>
  fetch(`${url}/things`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'one' }) });

test('routes by method, words and fields, and keeps what was asked', async () => {
  expect(await (await fetch(`${url}/things/7?sort=up`)).json()).toEqual({ id: '7', sort: 'up' });
  expect(await (await fetch(`${url}/things/special`)).json()).toBe('the word wins');
  expect(await (await post()).json()).toEqual({ count: 1 });
  expect(server.log.at(-1)).toMatchObject({ route: 'POST /things', request: { body: { name: 'one' } }, answer: { status: 201 } });
});

test('says loudly what it does not know', async () => {
  const answer = await fetch(`${url}/others`, { method: 'DELETE' });
  expect(answer.status).toBe(501);
  expect(await answer.text()).toContain('does not know DELETE /others');
  expect((await fetch(`${url}/things`, { headers: { 'x-key': 'wrong' } })).status).toBe(401);
});

test.each([
  ['error-before', 500, 0],
  ['error-after', 500, 1],
  ['rate-limited', 429, 0],
] as const)('%s answers %i, with %i thing made', async (what, status, made) => {
  server.faults.add({ on: 'POST /things', what });
  expect((await post()).status).toBe(status);
  expect(things).toHaveLength(made);
  expect((await post()).status).toBe(201);
});

test.each([
  ['cut-before', 0],
  ['cut-after', 1],
] as const)('%s ends the connection, with %i thing made', async (what, made) => {
  server.faults.add({ on: 'POST /things', what });
  await expect(post()).rejects.toThrow('fetch failed');
  expect(things).toHaveLength(made);
});

test('faults wait for their turn, and end', async () => {
  server.faults.add({ on: 'POST /things', after: 1, times: 2, what: () => ({ status: 418 }) });
  const answers = [];
  for (let call = 0; call < 4; call++) answers.push((await post()).status);
  expect(answers).toEqual([201, 418, 418, 201]);
});

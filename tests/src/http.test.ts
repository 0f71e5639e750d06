import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { callTool, TestHome } from './harness.js';

let home: TestHome;
let token: string;
beforeAll(async () => {
  home = await TestHome.create();
  await home.start();
  token = readFileSync(home.home.token, 'utf8').trim();
});
afterAll(() => home.remove());

function api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${home.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

test('a day over REST', async () => {
  const path = encodeURIComponent('shop/stripe/key');
  expect(await (await api('PUT', `/api/v1/secrets/${path}`, { value: 'fake' })).json()).toMatchObject({ version: 1, created: true });
  expect(await (await api('GET', `/api/v1/secrets/${path}/value`)).json()).toMatchObject({ value: 'fake' });
  const grant = (await (await api('PUT', '/api/v1/projects/shop/ports/web', {})).json()) as { port: number };
  expect(grant).toMatchObject({ created: true, checked: true });
  const { port } = grant;
  expect(await (await api('PUT', '/api/v1/projects/shop/ports/web')).json()).toMatchObject({ port, created: false });
  const forwarded = await api('PUT', '/api/v1/projects/shop/ports/web', undefined, { 'x-forwarded-for': '192.0.2.1' });
  expect(await forwarded.json()).toMatchObject({ port, checked: false, notes: [expect.stringContaining('Only the ledger')] });
  expect(await (await api('GET', '/api/v1/ports?project=shop&limit=5')).json()).toMatchObject({ allocations: [{ service: 'web' }] });
  expect(await (await api('PUT', '/api/v1/projects/shop/tasks/t1', { type: 'bug_fix', description: 'x' })).json()).toMatchObject({
    status: 'running',
  });
  expect(await (await api('POST', '/api/v1/projects/shop/tasks/t1/complete', {})).json()).toMatchObject({ status: 'completed' });
  expect(await (await api('GET', '/api/v1/status')).json()).toMatchObject({ secrets: 1, ports: 2, tasks: 1 });
});

test('what goes wrong is problem details, with what to do next', async () => {
  const problem = async (response: Response) => {
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    return (await response.json()) as Record<string, unknown>;
  };
  expect(await problem(await api('GET', '/api/v1/projects/shop/ports/wbe'))).toMatchObject({
    status: 404,
    code: 'not_found',
    type: 'urn:supervisor:error:not_found',
  });
  expect(await problem(await api('PUT', '/api/v1/projects/shop/ports/web', { servce: 1 }))).toMatchObject({
    status: 400,
    code: 'invalid_input',
  });
  expect(await problem(await api('PUT', '/api/v1/projects/shop/ports/web', { service: 'api' }))).toMatchObject({ status: 400 });
  expect(await problem(await api('PUT', '/api/v1/projects/shop/ports/web', '{'))).toMatchObject({ status: 400 });
  expect(await problem(await api('PUT', '/api/v1/projects/shop/ports/web', '[]'))).toMatchObject({ status: 400 });
  expect(await problem(await api('PUT', '/api/v1/secrets/a%2Fb?value=leak', {}))).toMatchObject({ status: 400 });
  expect(await problem(await api('PUT', '/api/v1/secrets/a%2Fb', { value: 'x'.repeat(2 ** 20) }))).toMatchObject({ status: 413 });
  expect(await problem(await api('DELETE', '/api/v1/secrets/a%2Fb'))).toMatchObject({ status: 403, details: { needs: 'destroy' } });
  expect(await problem(await api('DELETE', '/api/v1/projects/shop/ports/web', { instance: 'wt1' }))).toMatchObject({
    status: 400,
    detail: expect.stringContaining('in the query'),
  });
  expect(await problem(await api('DELETE', '/api/v1/projects/shop/ports/web?service=api'))).toMatchObject({ status: 400 });
  expect(await (await api('GET', '/api/v1/projects/shop/ports/web')).json()).toMatchObject({ service: 'web' });
  const web = '/api/v1/projects/shop/ports/web';
  expect(await problem(await api('PUT', web, 'x', { 'content-type': 'text/plain' }))).toMatchObject({ status: 415 });
  expect(await problem(await api('GET', '/api/v1/ports?__proto__=1'))).toMatchObject({ details: { fields: ['__proto__'] } });
  expect(await problem(await api('GET', '/api/v1/nothing'))).toMatchObject({ status: 404 });
  for (const [method, path, allow] of [
    ['POST', '/api/v1/status', 'GET, HEAD'],
    ['OPTIONS', '/api/v1/projects/shop/ports/web?x=1', 'DELETE, GET, HEAD, PUT'],
    ['DELETE', '/healthz', 'GET, HEAD'],
    ['GET', '/mcp/shop', 'POST'],
  ] as const) {
    const answer = await api(method, path);
    expect(await problem(answer)).toMatchObject({ status: 405, code: 'method_not_allowed', detail: expect.stringContaining(allow) });
    expect(answer.headers.get('allow')).toBe(allow);
  }
  expect(await problem(await api('GET', '/api/v1/%zz'))).toMatchObject({ status: 400, code: 'invalid_input' });
});

test('a body is JSON in UTF-8, an empty one is none, and a stranger’s is not read', async () => {
  const path = '/api/v1/secrets/shop%2Flatin';
  const latin = await fetch(`${home.url}${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: Buffer.from('{"value":"gr\xfcn"}', 'latin1'),
  });
  expect(await latin.json()).toMatchObject({ status: 400, detail: expect.stringContaining('UTF-8') });
  expect((await api('GET', `${path}/exists`)).status).toBe(200);
  expect(await (await api('GET', `${path}/exists`)).json()).toEqual({ exists: false });
  const json = { 'content-type': 'application/json' };
  expect((await api('PUT', '/api/v1/projects/shop/ports/web', '', json)).status).toBe(200);
  expect((await api('DELETE', '/api/v1/projects/shop/ports/none', undefined, json)).status).toBe(200);
  expect((await api('PUT', path, '{', { authorization: 'Bearer nobody' })).status).toBe(401);
});

test('also what is no HTTP is answered with problem details', async () => {
  const { port } = new URL(home.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = createConnection(Number(port), '127.0.0.1', () => socket.write('hello\r\n\r\n'));
    socket.once('data', (data) => resolve(String(data))).once('error', reject);
  });
  const [head, body] = answer.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/);
  expect(JSON.parse(body!)).toMatchObject({ status: 400, code: 'invalid_input', detail: expect.any(String) });
});

test('only the token’s bearer, only our Host, only our Origin', async () => {
  const status = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const { port } = new URL(home.url);
      // fetch would not let a Host header through.
      httpRequest({ host: '127.0.0.1', port, path: '/api/v1/status', headers }, (response) => resolve(response.resume().statusCode!))
        .once('error', reject)
        .end();
    });
  const authorization = `Bearer ${token}`;
  expect(await status({ authorization })).toBe(200);
  expect(await status({})).toBe(401);
  expect(await status({ authorization: 'Bearer sup_000000000000_x' })).toBe(401);
  expect(await status({ authorization, host: 'evil.example' })).toBe(403);
  expect(await status({ authorization, origin: 'https://evil.example' })).toBe(403);
  expect(await status({ authorization, origin: home.url })).toBe(200);
});

test('what is open says nothing private, metrics are not open', async () => {
  const healthy = await fetch(`${home.url}/healthz`);
  expect(await healthy.json()).toMatchObject({ status: 'ok' });
  // Loopback says nothing of https.
  expect(healthy.headers.get('strict-transport-security')).toBeNull();
  expect(await (await fetch(`${home.url}/readyz`)).json()).toEqual({ status: 'ready' });
  const document = (await (await fetch(`${home.url}/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { requestBody?: object }>>;
    components: { schemas: object };
  };
  expect(document.openapi).toBe('3.1.0');
  expect(document.paths['/api/v1/projects/{project}/ports/{service}']!['put']).toMatchObject({
    parameters: [expect.not.objectContaining({ description: 'Else your own' }), { name: 'service' }],
  });
  const { put } = document.paths['/api/v1/projects/{project}/ports/{service}']!;
  expect(put!.requestBody).toMatchObject({
    content: { 'application/json': { schema: { $ref: '#/components/schemas/AllocatePortBody' } } },
  });
  expect(document.components.schemas).toMatchObject({
    AllocatePortBody: { properties: { instance: {} } },
    AllocatePortAnswer: { properties: { port: {} } },
  });
  const shapes = Object.values(document.paths).flatMap((path) => Object.values(path));
  expect(JSON.stringify(shapes)).not.toContain('"schema":{"type":"object"');
  const docs = await fetch(`${home.url}/docs/`);
  expect(await docs.text()).toContain('swagger-ui');
  expect(docs.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect((await fetch(`${home.url}/metrics`)).status).toBe(401);
  expect(await (await api('GET', '/metrics')).text()).toContain('supervisor_operation_seconds_count{operation="get_status",outcome="ok"}');
});

test('MCP over HTTP, stateless, at the root and confined to a project', async () => {
  const connect = async (path: string) => {
    const client = new Client({ name: 'test', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(`${home.url}${path}`), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    return client;
  };
  const client = await connect('/mcp');
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('allocate_port');
  expect(await callTool(client, 'allocate_port', { project: 'blog', service: 'web' })).toMatchObject({ structuredContent: { port: 3200 } });
  await client.close();

  const confined = await connect('/mcp/shop');
  expect(await callTool(confined, 'allocate_port', { service: 'web' })).toMatchObject({ structuredContent: { port: expect.any(Number) } });
  expect(await callTool(confined, 'allocate_port', { project: 'blog', service: 'web' })).toMatchObject({ isError: true });
  expect(await callTool(confined, 'list_ports', {})).toMatchObject({ structuredContent: { allocations: [{ project: 'shop' }] } });
  const listed = await callTool(confined, 'list_ports', []);
  expect(listed).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('must be an object') }] });
  await confined.close();

  const readOnly = await connect('/mcp?toolsets=all&readOnly');
  expect((await readOnly.listTools()).tools.filter(({ annotations }) => !annotations?.readOnlyHint)).toEqual([]);
  await readOnly.close();
  expect((await api('GET', '/mcp')).status).toBe(405);
  expect((await fetch(`${home.url}/mcp`, { method: 'POST' })).status).toBe(401);
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const answer = await api('POST', '/mcp', ping, { accept: 'application/json, text/event-stream' });
  expect(await answer.text()).toContain('"id":1');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('cache-control')).toMatch(/no-store|no-cache/);
});

test('many bad tokens are slowed down, a good one is not', async () => {
  const statuses: number[] = [];
  for (let count = 0; count < 25; count++)
    statuses.push((await api('GET', '/api/v1/status', undefined, { authorization: 'Bearer nonsense' })).status);
  expect(statuses).toContain(401);
  expect(statuses.at(-1)).toBe(429);
  const refused = await api('GET', '/api/v1/status', undefined, { authorization: 'Bearer nonsense' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await api('GET', '/api/v1/status')).status).toBe(200);
});

test('a line on the socket that is no JSON is cut off, and not quoted in the log', async () => {
  const socket = createConnection(home.home.socket);
  socket.write('{"id":1,"method":"call","params":{"input":{"value":canary-value}}}\n');
  await once(socket.resume(), 'close');
  const log = readFileSync(join(home.home.logs, 'service.log'), 'utf8');
  expect(log).toContain('no JSON-RPC request');
  expect(log).not.toContain('canary');
});

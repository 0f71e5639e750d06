import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Connect } from './exchange.js';
import { HttpRequester, type HttpRequest } from './requester.js';

const secret = { path: 'shop/acme/key', value: 'acme-9fQ2"x/7Zk&1=', allowedHosts: ['api.example.com', 'odd.example.com:8443'] };
const other = { path: 'shop/other/key', value: 'other-secret-value', allowedHosts: [] as string[] };

let server: Server;
let folder: string;
let ca: Buffer;
let answer: (request: IncomingMessage & { text: string }, response: ServerResponse) => void;
let connections: string[];
let resolutions: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = ['-subj', '/CN=api.example.com', '-addext', 'subjectAltName=DNS:api.example.com,DNS:odd.example.com'];
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', ...names];
  execFileSync('openssl', [...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  ca = readFileSync(cert);
  server = createServer({ key: readFileSync(key), cert: ca }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(Object.assign(request, { text: Buffer.concat(chunks).toString() }), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  connections = [];
  resolutions = 0;
  answer = (request, response) => response.end(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${request.text}`);
});

// To this test's server instead of the address, with the same name to prove.
const here: Connect = ({ address, servername }) => {
  connections.push(address);
  return connectTls({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, servername, ca });
};
function requester(addresses: string[] = ['93.184.216.34']): HttpRequester {
  return new HttpRequester({
    use: async (paths) => [secret, other].filter(({ path }) => paths.includes(path)),
    resolve: async () => {
      resolutions += 1;
      return addresses;
    },
    connect: here,
  });
}
const send = (request: Partial<HttpRequest>, addresses?: string[]) =>
  requester(addresses).request({
    url: 'https://api.example.com/',
    method: 'GET',
    headers: { authorization: 'Bearer {{secret:shop/acme/key}}' },
    ...request,
  });

test('a value arrives in header, query and body, each as it must be written there, and never comes back', async () => {
  let seen: { url?: string | undefined; authorization?: string | undefined; host?: string | undefined; text?: string } = {};
  answer = (request, response) => {
    seen = { url: request.url, authorization: request.headers.authorization, host: request.headers.host, text: request.text };
    response.setHeader('location', `https://elsewhere.example.com/?k=${encodeURIComponent(secret.value)}`);
    response.setHeader('set-cookie', 'session=1');
    response.end(`${JSON.stringify(seen)} ${Buffer.from(secret.value).toString('base64')}`);
  };
  const result = await send({
    url: 'https://api.example.com/v1/charge?key={{secret:shop/acme/key}}&q=a%20b%25#part',
    method: 'POST',
    headers: { authorization: 'Bearer {{ secret:shop/acme/key }}', 'content-type': 'application/json' },
    body: '{"key":"{{secret:shop/acme/key}}"}',
  });
  expect(new URLSearchParams(seen.url!.split('?')[1]).get('key')).toBe(secret.value);
  expect(seen.url).toContain('&q=a%20b%25');
  expect(seen).toMatchObject({ authorization: `Bearer ${secret.value}`, host: 'api.example.com' });
  expect(JSON.parse(seen.text!)).toEqual({ key: secret.value });
  expect(result).toMatchObject({
    status: 200,
    encoding: 'utf8',
    truncated: false,
    headers: { location: expect.stringContaining('[secret:shop/acme/key]') },
  });
  expect(result.headers).not.toHaveProperty('set-cookie');
  const shown = JSON.stringify(result);
  for (const form of [
    secret.value,
    encodeURIComponent(secret.value),
    'acme-9fQ2',
    Buffer.from(secret.value).toString('base64').slice(0, 12),
  ])
    expect(shown).not.toContain(form);
});

test('a redirect is an answer, not a way', async () => {
  answer = (_request, response) => response.writeHead(307, { location: 'https://odd.example.com:8443/' }).end();
  expect(await send({})).toMatchObject({ status: 307, headers: { location: 'https://odd.example.com:8443/' } });
  expect(connections).toEqual(['93.184.216.34']);
});

test('the name is resolved once and the address checked is the one connected to', async () => {
  await send({ url: 'https://odd.example.com:8443/' }, ['2606:4700::1111', '93.184.216.34']);
  expect([connections, resolutions]).toEqual([['2606:4700::1111'], 1]);
  for (const addresses of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::ffff:93.184.216.34'], ['169.254.169.254']])
    await expect(send({}, addresses)).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('public') });
  expect(connections).toHaveLength(1);
});

test.each([
  ['http://api.example.com/', 'invalid_input'],
  ['https://api.example.com@evil.example.net/', 'invalid_input'],
  ['https://api.example.com.evil.example.net/', 'forbidden'],
  ['https://api.example.com./', 'invalid_input'],
  ['https://api.example.com:8443/', 'forbidden'],
  ['https://sub.api.example.com/', 'forbidden'],
  ['https://127.0.0.1/', 'invalid_input'],
  ['https://0x7f000001/', 'invalid_input'],
  ['https://[::1]/', 'invalid_input'],
  ['https://localhost/', 'invalid_input'],
  ['https:\\\\api.example.com/', 'invalid_input'],
  ['https://api.example.com/{{secret:shop/acme/key}}', 'invalid_input'],
  ['https://{{secret:shop/acme/key}}.example.com/', 'invalid_input'],
  ['file:///etc/passwd', 'invalid_input'],
])('%s is refused, and nothing is connected to or resolved', async (url, code) => {
  await expect(send({ url })).rejects.toMatchObject({ code });
  expect([connections, resolutions]).toEqual([[], 0]);
});

test('a secret goes to its own hosts only, whatever the others may', async () => {
  const headers = { a: '{{secret:shop/acme/key}}', b: '{{secret:shop/other/key}}' };
  await expect(send({ headers })).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining('shop/other/key') });
  await expect(send({ headers: {} })).rejects.toMatchObject({ code: 'invalid_input' });
});

test.each(['Host', 'range', 'Request-Range', 'Accept-Encoding', 'proxy-authorization', 'transfer-encoding', 'a b', 'x\r\ny'])(
  'the header %p is refused',
  async (name) => {
    await expect(send({ headers: { [name]: '{{secret:shop/acme/key}}' } })).rejects.toMatchObject({ code: 'invalid_input' });
  },
);

test('a header cannot be split', async () => {
  await expect(send({ headers: { a: '{{secret:shop/acme/key}}\r\nHost: evil' } })).rejects.toMatchObject({ code: 'invalid_input' });
});

test('a long answer is cut, and not inside a value', async () => {
  answer = (_request, response) => response.end('x'.repeat(256 * 1024 - 6) + secret.value + 'y'.repeat(100_000));
  const { body, truncated } = await send({});
  expect(truncated).toBe(true);
  expect(body).toMatch(/^x+$/);
});

test('how much of a cut answer is missing says nothing of a value, whoever chose its end', async () => {
  const ending = async (text: string) => {
    answer = (_request, response) => response.end('x'.repeat(256 * 1024 - text.length) + text + 'y'.repeat(100));
    return (await send({})).body.length;
  };
  const lengths = [];
  const wrapped = `${'A'.repeat(40)}${Buffer.from(secret.value).toString('base64').slice(0, 8)}\n${' '.repeat(5000)}`;
  for (const text of ['y', secret.value.slice(0, 1), secret.value.slice(0, 9), wrapped]) lengths.push(await ending(text));
  expect(new Set(lengths).size).toBe(1);
  expect(lengths[0]).toBeGreaterThan(255 * 1024);
});

test('a cut through a character leaves a text', async () => {
  for (const before of ['', 'x', 'xx']) {
    answer = (_request, response) => response.end(before + '漢'.repeat(100_000));
    const { body, encoding } = await send({});
    expect(encoding).toBe('utf8');
    expect(body.replaceAll('漢', '')).toBe(before);
  }
});

test('an answer that is packed is looked into, or not shown', async () => {
  answer = (_request, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(`key ${secret.value}`));
  expect((await send({})).body).toBe('key [secret:shop/acme/key]');
  answer = (_request, response) => response.setHeader('content-encoding', 'zstd').end(gzipSync('x'));
  await expect(send({})).rejects.toMatchObject({ code: 'unavailable' });
});

test('bytes that are no text come as base64', async () => {
  answer = (_request, response) => response.end(Buffer.concat([Buffer.from([0xff, 0xfe, 0]), Buffer.from(secret.value)]));
  const { body, encoding } = await send({});
  expect(encoding).toBe('base64');
  expect(Buffer.from(body, 'base64').toString('latin1')).toBe('\xff\xfe\0[secret:shop/acme/key]');
});

test('a certificate of another name, and a connection that breaks, show no value', async () => {
  const wrongName = new HttpRequester({
    use: async () => [{ ...secret, allowedHosts: ['www.example.net'] }],
    resolve: async () => ['93.184.216.34'],
    connect: here,
  });
  const refused = wrongName.request({ url: 'https://www.example.net/', method: 'GET', headers: { a: '{{secret:shop/acme/key}}' } });
  await expect(refused).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('Nothing was sent') });
  answer = (request) => request.socket.destroy();
  await expect(send({})).rejects.toMatchObject({ code: 'outcome_unknown', message: expect.not.stringContaining(secret.value) });
  const aborted = new AbortController();
  answer = () => aborted.abort();
  const cancelled = requester().request(
    { url: 'https://api.example.com/', method: 'GET', headers: { a: '{{secret:shop/acme/key}}' } },
    aborted.signal,
  );
  await expect(cancelled).rejects.toMatchObject({ code: 'outcome_unknown' });
});

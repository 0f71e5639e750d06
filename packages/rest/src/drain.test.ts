import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import { drainOf } from './drain.js';

test('a server ends with its last answer, whoever keeps a connection', async () => {
  let answer = () => {};
  const server = createServer((_request, response) => (answer = () => response.end('done'))).listen(0, '127.0.0.1');
  const drain = drainOf(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const silent = createConnection(port, '127.0.0.1');
  const half = createConnection(port, '127.0.0.1', () => half.write('GET / HTTP/1.1\r\nHost: '));
  const arrived = once(server, 'request');
  const asked = once(request({ port, host: '127.0.0.1', agent: new Agent({ keepAlive: true }) }).end(), 'response');
  await Promise.all([once(silent, 'connect'), once(half, 'connect'), arrived]);
  const closed = Promise.all([
    once(
      silent.on('error', () => {}),
      'close',
    ),
    once(
      half.on('error', () => {}),
      'close',
    ),
  ]);

  const started = performance.now();
  const drained = drain(60_000);
  answer();
  const [response] = (await asked) as [IncomingMessage];
  expect(response.headers.connection).toBe('close');
  expect(String(await response.toArray())).toBe('done');
  await Promise.all([drained, closed]);
  expect(performance.now() - started).toBeLessThan(30_000);
});

test('who never gets an answer is waited for no longer than that', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  const drain = drainOf(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const lost = once(request({ port, host: '127.0.0.1' }).end(), 'error');
  await once(server, 'request');
  await drain(10);
  expect(await lost).toMatchObject([{ code: 'ECONNRESET' }]);
});

test('an answer is sent to its end, also a long one to a slow reader', async () => {
  const server = createServer((_request, response) => response.end(Buffer.alloc(16 * 1024 * 1024))).listen(0, '127.0.0.1');
  const drain = drainOf(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [response] = (await once(request({ port, host: '127.0.0.1' }).end(), 'response')) as [IncomingMessage];
  const drained = drain(60_000);
  let length = 0;
  for await (const chunk of response) length += (chunk as Buffer).length;
  expect(length).toBe(16 * 1024 * 1024);
  await drained;
});

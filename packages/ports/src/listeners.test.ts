import { afterAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { describeListener, readListeners } from './listeners.js';
import { parseLsof, parseNetstat } from './lsof-listeners.js';
import { parseProcNet } from './proc-listeners.js';

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

async function listen(host: string): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ port: 0, host, ipv6Only: host === '::1' }, resolve));
  return (server.address() as { port: number }).port;
}

test('who listens is found whatever the address, with the process and its folder', async () => {
  for (const host of process.platform === 'linux' ? ['127.0.0.1', '127.0.0.2', '0.0.0.0', '::1', '::'] : ['127.0.0.1', '0.0.0.0', '::1']) {
    const port = await listen(host);
    const found = await readListeners([port]);
    const [listener] = found ?? [];
    expect(found).toHaveLength(1);
    expect(listener).toMatchObject({ port, address: host, family: host.includes(':') ? 'IPv6' : 'IPv4' });
    expect(listener!.process).toMatchObject({ pid: process.pid, cwd: process.cwd() });
    expect(describeListener(listener!)).toMatch(`pid ${process.pid} (`);
  }
  const all = await readListeners();
  for (const server of servers) expect(all!.map(({ port }) => port)).toContain((server.address() as { port: number }).port);
});

test('a port that nobody listens on is not in the answer', async () => {
  const port = await listen('127.0.0.1');
  await new Promise((resolve) => servers.pop()!.close(resolve));
  expect(await readListeners([port])).toEqual([]);
});

test('the kernel’s table is read with addresses of both families', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0200007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41 1 0 100 0 0 10 0
   1: 0200007F:0BB8 0200007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 42 1 0 100 0 0 10 0
   2: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 43 1 0 100 0 0 10 0
   3: B80D0120000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 44 1 0 100 0 0 10 0`;
  expect(parseProcNet(table)).toEqual([
    { port: 3000, family: 'IPv4', address: '127.0.0.2', uid: 1000, inode: '41' },
    { port: 8080, family: 'IPv6', address: '::1', uid: 0, inode: '43' },
    { port: 8081, family: 'IPv6', address: '2001:db8::1', uid: 0, inode: '44' },
  ]);
  expect(parseProcNet(table, new Set([8080]))).toHaveLength(1);
});

test('what macOS prints is read', () => {
  const netstat = `Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp46      0      0  *.8080                 *.*                    LISTEN
tcp4       0      0  127.0.0.1.3000         *.*                    LISTEN
tcp4       0      0  127.0.0.1.3000         127.0.0.1.52144        ESTABLISHED
tcp6       0      0  ::1.5173               *.*                    LISTEN`;
  expect(parseNetstat(netstat).map(({ port, family, address }) => [port, family, address])).toEqual([
    [8080, 'IPv6', '::'],
    [3000, 'IPv4', '127.0.0.1'],
    [5173, 'IPv6', '::1'],
  ]);
  const lsof =
    'p812\ncnode\nu501\nf23\ntIPv6\nPTCP\nn*:8080\nf24\ntIPv4\nPTCP\nn127.0.0.1:3000\np900\ncvite\nu501\nf9\ntIPv6\nPTCP\nn[::1]:5173\n';
  const seen = parseLsof(lsof).map(({ port, address, uid, process }) => [port, address, uid, process?.pid, process?.command]);
  expect(seen).toEqual([
    [8080, '::', 501, 812, 'node'],
    [3000, '127.0.0.1', 501, 812, 'node'],
    [5173, '::1', 501, 900, 'vite'],
  ]);
});

test('a process that cannot be seen is named as such', () => {
  expect(describeListener({ process: null, uid: 70 })).toBe('a process of user 70 that cannot be seen from here');
  expect(describeListener({ process: null, uid: null })).toBe('a process that cannot be seen from here');
});

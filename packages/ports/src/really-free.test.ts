import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { testDatabases } from '@supervisor/db/testing';
import type { Database } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { PortManager } from './port-manager.js';
import { probePort } from './probe.js';

const servers: Server[] = [];
async function listen(port: number, host: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ port, host, ipv6Only: host === '::1' }, resolve));
  servers.push(server);
}
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

test('a probe sees a listener on any address, and leaves nothing behind', async () => {
  for (const host of process.platform === 'linux' ? ['127.0.0.1', '127.0.0.2', '0.0.0.0', '::1', '::'] : ['127.0.0.1', '0.0.0.0', '::1']) {
    await listen(24_210, host);
    expect(await probePort(24_210)).toBe('taken');
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(await Promise.all([probePort(24_210), probePort(24_210)])).toEqual(['free', 'free']);
  }
});

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let now = new Date('2026-03-01T12:00:00Z');
  const later = (seconds: number) => (now = new Date(now.getTime() + seconds * 1000));
  const manager = (project: string) =>
    new PortManager({ db: database, clock: () => now, projectOf: ({ pid }) => (pid === process.pid ? { project } : {}) });
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());

  test('a port that something listens on is passed over for half a minute', async () => {
    const ports = manager('elsewhere');
    await ports.createPortRange('shop', { first: 24_220, last: 24_224 });
    await listen(24_220, '127.0.0.1');
    await listen(24_221, '::1');
    expect(await ports.allocatePort('shop', 'web')).toMatchObject({ port: 24_222, created: true, checked: true, listener: null });
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    later(29);
    expect(await ports.allocatePort('shop', 'api')).toMatchObject({ port: 24_223 });
    later(2);
    expect(await ports.allocatePort('shop', 'db')).toMatchObject({ port: 24_220 });
  });

  test('asking again gives the same port although it listens, and says who does', async () => {
    await listen(24_222, '0.0.0.0');
    const own = await manager('shop').allocatePort('shop', 'web');
    expect(own).toMatchObject({ port: 24_222, created: false, listener: { pid: process.pid, project: 'shop', yours: true }, notes: [] });
    const foreign = await manager('blog').allocatePort('shop', 'web');
    expect(foreign).toMatchObject({ port: 24_222, listener: { project: 'blog', yours: false } });
    expect(foreign.notes[0]).toContain(`pid ${process.pid}`);
  });

  test('callers at once for one service agree on a port that is free', async () => {
    const ports = manager('elsewhere');
    await ports.createPortRange('same', { first: 24_230, last: 24_239 });
    await listen(24_230, '127.0.0.1');
    const grants = await Promise.all(Array.from({ length: 8 }, () => ports.allocatePort('same', 'web')));
    expect(new Set(grants.map(({ port }) => port)).size).toBe(1);
    expect(grants[0]!.port).not.toBe(24_230);
  });

  test('for a caller on another host only the ledger is asked', async () => {
    await listen(24_224, '127.0.0.1');
    const grant = await manager('shop').allocatePort('shop', 'far', { elsewhere: true });
    expect(grant).toMatchObject({ checked: false, listener: null });
    expect(grant.notes[0]).toContain('Only the ledger');
    const { allocations } = await manager('shop').listLive({ project: 'shop' });
    expect(allocations.find(({ service }) => service === 'far')).toMatchObject({ state: 'unknown' });
  });

  test('a full range tells of what other programs hold', async () => {
    const ports = new PortManager({ db: database });
    await ports.createPortRange('full', { first: 24_240, last: 24_240 });
    await listen(24_240, '127.0.0.1');
    await expect(ports.allocatePort('full', 'web')).rejects.toMatchObject({
      code: 'exhausted',
      message: expect.stringContaining('1 that other programs listen on'),
    });
  });

  test('a claim whose caller died is nobody’s word: it is probed again, or swept', async () => {
    const ports = manager('elsewhere');
    await ports.createPortRange('dead', { first: 24_250, last: 24_259 });
    const die = (service: string) =>
      database.orm.execute(
        sql`select * from supervisor.claim_port('dead', '', ${service}, null, 'some-host', true, null::integer, null::timestamptz)`,
      );
    await die('web');
    await expect(ports.getPort('dead', 'web')).rejects.toMatchObject({ code: 'not_found' });
    await listen(24_250, '127.0.0.1');
    expect(await ports.allocatePort('dead', 'web')).toMatchObject({ port: 24_251, created: true });
    await die('api');
    await database.orm.execute(sql`update supervisor.port_allocations set created_at = now() - interval '61 seconds' where pending`);
    await ports.sweep();
    expect(await ports.countByProject('dead')).toEqual([{ project: 'dead', count: 1 }]);
  });

  test('a lease that is over goes back after two idle sweeps a minute apart', async () => {
    const ports = manager('lease');
    await ports.createPortRange('lease', { first: 24_260, last: 24_269 });
    const lease = { expiresInSeconds: 60 };
    const first = await ports.allocatePort('lease', 'web', lease);
    expect(new Date(first.expiresAt!).getTime() - now.getTime()).toBe(60_000);
    later(50);
    expect(await ports.allocatePort('lease', 'web', lease)).toMatchObject({ port: first.port, created: false });
    later(50);
    expect((await ports.sweep()).freed).toEqual([]);
    // Asking again without a length renews by the same one.
    const renewed = await ports.allocatePort('lease', 'web');
    expect(new Date(renewed.expiresAt!).getTime() - now.getTime()).toBe(60_000);
    later(61);
    expect(await ports.sweep()).toEqual({ freed: [], waiting: 1 });
    later(30);
    expect(await ports.sweep()).toEqual({ freed: [], waiting: 0 });
    later(31);
    expect((await ports.sweep()).freed).toMatchObject([{ port: first.port, service: 'web' }]);
    expect(await ports.allocatePort('lease', 'other')).toMatchObject({ port: first.port, expiresAt: null });
  });

  test('a lease stays while something listens, and the count of idle sweeps starts anew', async () => {
    const ports = manager('lease');
    const { port } = await ports.allocatePort('lease', 'busy', { expiresInSeconds: 1 });
    later(61);
    expect((await ports.sweep()).waiting).toBe(1);
    await listen(port, '127.0.0.2');
    later(61);
    expect((await ports.sweep()).freed).toEqual([]);
    expect(await ports.getPort('lease', 'busy')).toMatchObject({ lastSeenAt: now.toISOString() });
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    later(61);
    expect((await ports.sweep()).freed).toEqual([]);
    later(61);
    expect((await ports.sweep()).freed).toMatchObject([{ port }]);
  });

  test('what is given for good is never taken back', async () => {
    const ports = manager('lease');
    const { port } = await ports.allocatePort('lease', 'durable');
    const again = await ports.allocatePort('lease', 'durable', { expiresInSeconds: 1 });
    expect(again).toMatchObject({ port, expiresAt: null });
    expect(again.notes[0]).toContain('for good');
    for (let minute = 0; minute < 4; minute++) {
      later(61);
      await ports.sweep();
    }
    expect(await ports.getPort('lease', 'durable')).toMatchObject({ port });
    await expect(ports.allocatePort('lease', 'x', { expiresInSeconds: 0 })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('nothing of a host goes back while its listeners cannot be seen', async () => {
    const { port } = await manager('lease').allocatePort('lease', 'blind', { expiresInSeconds: 1 });
    const blind = new PortManager({ db: database, clock: () => now, probe: false });
    for (let minute = 0; minute < 3; minute++) {
      later(61);
      expect((await blind.sweep()).freed).toEqual([]);
    }
    expect(await blind.getPort('lease', 'blind')).toMatchObject({ port });
  });

  test('the list tells confirmed, idle, taken and orphaned ports apart', async () => {
    const ports = manager('live');
    await ports.createPortRange('live', { first: 24_270, last: 24_279 });
    const web = await ports.allocatePort('live', 'web');
    await ports.allocatePort('live', 'idle');
    await listen(web.port, '127.0.0.1');
    await listen(24_279, '127.0.0.1');
    const live = await ports.listLive({ project: 'live' });
    expect(live.allocations.map(({ service, state }) => [service, state])).toEqual([
      ['web', 'confirmed'],
      ['idle', 'idle'],
    ]);
    expect(live.orphans).toContainEqual(expect.objectContaining({ port: 24_279, pid: process.pid }));
    const foreign = await manager('blog').listLive({ port: web.port });
    expect(foreign.allocations).toMatchObject([{ state: 'taken', listener: { project: 'blog', yours: false } }]);
    expect(foreign.orphans).toEqual([]);
  });

  test('a port is explained, with what to do', async () => {
    const ports = manager('live');
    await listen(24_270, '127.0.0.1');
    await listen(24_279, '127.0.0.1');
    expect(await ports.explainPort(24_270)).toMatchObject({ state: 'confirmed', allocation: { service: 'web' }, range: 'live' });
    const taken = await manager('blog').explainPort(24_270);
    expect(taken.state).toBe('taken');
    expect(taken.advice).toContain(`pid ${process.pid}`);
    expect((await ports.explainPort(24_271)).advice).toContain('supervisor ports release idle --project live');
    expect((await ports.explainPort(24_279)).advice).toContain('allocate-specific SERVICE 24279 --project live');
    expect(await ports.explainPort(24_278)).toMatchObject({ state: 'free', allocation: null });
    const other = await ports.explainPort(24_270, 'blog');
    expect(other).toMatchObject({ state: 'confirmed', allocation: null, listener: null });
    expect(other.advice).not.toContain('web');
  });
});

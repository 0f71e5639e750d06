import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabases } from '@supervisor/db/testing';
import type { Database } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { thisHost } from './host.js';
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

  describe('a worktree', () => {
    const project = 'trees';
    const repository = mkdtempSync(join(tmpdir(), 'worktrees-'));
    const worktree = (name: string) => join(repository, '.git/worktrees', name);
    let exposed: number | undefined;
    let ports: PortManager;
    const fill = async (instance: string, service = 'web') =>
      (await ports.allocatePort(project, service, { instance, worktree: worktree(instance) })).port;
    beforeAll(async () => {
      // As git does it: a folder for each worktree, which names the file that leads back.
      for (const name of ['live', 'removed', 'away', 'again']) {
        mkdirSync(worktree(name), { recursive: true });
        mkdirSync(join(repository, name));
        writeFileSync(join(worktree(name), 'gitdir'), `${repository}/${name}/.git\n`);
      }
      writeFileSync(join(repository, '.git/HEAD'), '');
      ports = new PortManager({ db: database, exposedAs: async (_, port) => (port === exposed ? 'shop.example.com' : undefined) });
      await ports.createPortRange(project, { first: 24_280, last: 24_285 });
    });
    afterAll(() => rmSync(repository, { recursive: true }));

    test('that is gone gives its ports back when the range is full, unless something listens or they are exposed', async () => {
      const main = (await ports.allocatePort(project, 'web')).port;
      const live = await fill('live');
      const [first, second, third] = [await fill('removed', 'a'), await fill('removed', 'b'), await fill('removed', 'c')];
      await ports.allocatePort(project, 'web', { instance: 'by-name', worktree: join(repository, 'never-seen') });
      const full = await ports.allocatePort(project, 'more').catch((error: Error) => error);
      expect(full).toMatchObject({ code: 'exhausted', message: expect.stringContaining('supervisor ports release-copy INSTANCE') });
      rmSync(worktree('removed'), { recursive: true });
      await listen(second!, '127.0.0.1');
      exposed = third;
      expect(await ports.explainPort(first!)).toMatchObject({
        state: 'gone',
        advice: expect.stringContaining('supervisor ports release-copy removed --project trees'),
      });
      expect(await ports.explainPort(live)).toMatchObject({ state: 'idle' });
      expect(await ports.allocatePort(project, 'more')).toMatchObject({
        port: first,
        notes: [`The range was full. Given back, of worktrees that are gone: ${first} a (removed).`],
      });
      await expect(ports.allocatePort(project, 'yet-more')).rejects.toMatchObject({ code: 'exhausted' });
      expect([await ports.getPort(project, 'web'), await ports.getPort(project, 'web', { instance: 'live' })]).toMatchObject([
        { port: main },
        { port: live },
      ]);
      await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
      exposed = undefined;
      // Of two at once, one gives back and both are served.
      const both = await Promise.all(['yet-more', 'for-now'].map((service) => ports.allocatePort(project, service)));
      expect(both.map(({ port }) => port).toSorted()).toEqual([second, third]);
      await ports.releasePort(project, 'for-now');
    });

    test('of another host, or of a repository that cannot be seen, is nobody’s to judge', async () => {
      const port = await fill('away');
      rmSync(worktree('away'), { recursive: true });
      await expect(new PortManager({ db: database, probe: false }).allocatePort(project, 'x')).rejects.toMatchObject({ code: 'exhausted' });
      await database.orm.execute(sql`update supervisor.port_allocations set host = 'other' where port = ${port}`);
      await expect(ports.allocatePort(project, 'x')).rejects.toMatchObject({ code: 'exhausted' });
      await database.orm.execute(sql`update supervisor.port_allocations set host = ${thisHost()} where port = ${port}`);
      renameSync(join(repository, '.git'), join(repository, 'unplugged'));
      await expect(ports.allocatePort(project, 'x')).rejects.toMatchObject({ code: 'exhausted' });
      renameSync(join(repository, 'unplugged'), join(repository, '.git'));
      expect(await ports.allocatePort(project, 'x')).toMatchObject({ port });
    });

    test('deleted by hand is gone unless it is locked; all of a copy goes back when asked', async () => {
      await expect(ports.allocatePort(project, 'y')).rejects.toMatchObject({ code: 'exhausted' });
      expect(await ports.releaseCopy(project, 'by-name')).toMatchObject({ released: [expect.any(Number)], notes: [] });
      expect(await ports.releaseCopy(project, 'livee')).toEqual({
        released: [],
        notes: ['trees has no ports in the copy livee. Did you mean live?'],
      });
      await expect(ports.releaseCopy(project, '')).rejects.toMatchObject({ code: 'invalid_input' });
      const port = await fill('again');
      rmSync(join(repository, 'again'), { recursive: true });
      writeFileSync(join(worktree('again'), 'locked'), '');
      await expect(ports.allocatePort(project, 'y')).rejects.toMatchObject({ code: 'exhausted' });
      exposed = port;
      await expect(ports.releaseCopy(project, 'again')).rejects.toMatchObject({ code: 'protected' });
      exposed = undefined;
      rmSync(join(worktree('again'), 'locked'));
      expect(await ports.allocatePort(project, 'y')).toMatchObject({ port });
    });

    test('of a copy that is released, what was given meanwhile stays: nobody looked whether it is exposed', async () => {
      const copy = { instance: 'raced' };
      const [first, later] = [24_292, 24_293];
      await ports.allocateSpecificPort('twins', 'first', first, copy);
      const exposedAs = async () => void (await ports.allocateSpecificPort('twins', 'later', later, copy));
      const raced = await new PortManager({ db: database, exposedAs }).releaseCopy('twins', 'raced');
      expect(raced).toMatchObject({ released: [first] });
      expect(await ports.releaseCopy('twins', 'raced')).toMatchObject({ released: [later] });
      await expect(ports.explainPort(65_536)).rejects.toMatchObject({ code: 'invalid_input' });
    });

    test('of one name in two repositories of a project is gone when it is gone in both', async () => {
      const other = mkdtempSync(join(tmpdir(), 'worktrees-'));
      const twin = join(other, '.git/worktrees/twin');
      for (const folder of [worktree('twin'), twin]) mkdirSync(folder, { recursive: true });
      writeFileSync(join(other, '.git/HEAD'), '');
      writeFileSync(join(worktree('twin'), 'gitdir'), `${repository}/live/.git\n`);
      const ports = new PortManager({ db: database });
      await ports.createPortRange('twins', { first: 24_290, last: 24_291 });
      const { port } = await ports.allocatePort('twins', 'api', { instance: 'twin', worktree: worktree('twin') });
      await ports.allocatePort('twins', 'web', { instance: 'twin', worktree: twin });
      rmSync(twin, { recursive: true });
      await expect(ports.allocatePort('twins', 'more')).rejects.toMatchObject({ code: 'exhausted' });
      expect(await ports.explainPort(port)).toMatchObject({ state: 'idle' });
      rmSync(worktree('twin'), { recursive: true });
      expect(await ports.allocatePort('twins', 'more')).toMatchObject({ port });
      rmSync(other, { recursive: true });
    });

    test('that has no ports any more is not looked at for ever', async () => {
      const known = () => database.orm.execute(sql`select instance from supervisor.port_worktrees where project = ${project}`);
      await ports.sweep();
      expect(await known()).toMatchObject({ rows: [{ instance: 'live' }] });
      await ports.releaseCopy(project, 'live');
      await ports.sweep();
      expect(await known()).toMatchObject({ rows: [] });
    });
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

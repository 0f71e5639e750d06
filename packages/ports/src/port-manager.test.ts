import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testDatabases } from '@supervisor/db/testing';
import type { Database } from '@supervisor/db';
import { PortManager } from './port-manager.js';
import { refusedByBrowsers } from './range.js';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let ports: PortManager;
  beforeAll(async () => {
    database = await open();
    // The ledger alone: what listens on the machine of the test is not its matter.
    ports = new PortManager({ db: database, probe: false });
  });
  afterAll(() => database.close());

  test('each project gets a hundred of its own, in the order of asking', async () => {
    expect(await ports.allocatePort('shop', 'web')).toMatchObject({ port: 3100, created: true, pinned: false });
    expect(await ports.allocatePort('meta', 'api')).toMatchObject({ port: 3000 });
    expect(await ports.allocatePort('shared', 'redis')).toMatchObject({ port: 9000 });
    expect(await ports.allocatePort('blog', 'web', { description: 'front' })).toMatchObject({ port: 3200, description: 'front' });
    expect(await ports.allocatePort('shop', 'api')).toMatchObject({ port: 3101 });
  });

  test('asking again gives the same port, a worktree has its own', async () => {
    expect(await ports.allocatePort('shop', 'web')).toMatchObject({ port: 3100, created: false });
    expect(await ports.allocatePort('shop', 'web', { instance: 'feature' })).toMatchObject({ port: 3102, created: true });
    expect(await ports.getPort('shop', 'web')).toMatchObject({ port: 3100 });
    await expect(ports.getPort('shop', 'wbe')).rejects.toMatchObject({ code: 'not_found' });
    await expect(ports.getPort('shop', 'web', { instance: 'shop-next' })).rejects.toMatchObject({
      message: "shop in the copy shop-next has no port for web. The main copy has 3100 (instance ''). allocate_port gives it one.",
    });
  });

  test('a released port is the next one given', async () => {
    expect(await ports.releasePort('shop', 'api')).toEqual({ released: true, port: 3101, notes: [] });
    expect(await ports.releasePort('shop', 'api')).toEqual({
      released: false,
      port: null,
      notes: ['shop has no port for api. allocate_port gives it one.'],
    });
    expect(await ports.releasePort('shop', 'wbe')).toMatchObject({ notes: ['shop has no port for wbe. Did you mean web?'] });
    expect(await ports.allocatePort('shop', 'db')).toMatchObject({ port: 3101 });
  });

  test('a specific port is the caller’s, in its range or pinned, and never somebody else’s', async () => {
    expect(await ports.allocateSpecificPort('shop', 'vite', 5173)).toMatchObject({ port: 5173, pinned: true });
    expect(await ports.allocateSpecificPort('shop', 'vite', 5173)).toMatchObject({ created: false });
    expect(await ports.allocateSpecificPort('shop', 'docs', 3110)).toMatchObject({ pinned: false });
    await expect(ports.allocateSpecificPort('blog', 'vite', 5173)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('shop/vite'),
    });
    await expect(ports.allocateSpecificPort('shop', 'vite', 5174)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('5173'),
    });
    await expect(ports.allocateSpecificPort('shop', 'x', 6000)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(ports.allocateSpecificPort('shop', 'x', 70_000)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('whoever is bound to a project takes nothing of another one, others are told', async () => {
    await ports.createPortRange('small', { first: 15_000, last: 15_002 });
    for (const port of [15_000, 3010, 9050])
      await expect(ports.allocateSpecificPort('shop', 'far', port, { bound: true })).rejects.toMatchObject({ code: 'conflict' });
    expect(await ports.allocateSpecificPort('shop', 'far', 15_001)).toMatchObject({
      notes: ['15001 lies in 15000–15002, the range of small, which has one fewer now.'],
    });
    expect(await ports.allocateSpecificPort('shop', 'far', 15_001, { bound: true })).toMatchObject({ created: false });
    expect(await ports.allocateSpecificPort('shop', 'next', 3020)).toMatchObject({ notes: [expect.stringContaining('the range of meta')] });
    expect(await ports.allocateSpecificPort('shop', 'own', 3190, { bound: true })).toMatchObject({ created: true, notes: [] });
    await ports.releasePort('shop', 'own');
  });

  test('what is asked again says what it is for now, and that a lease stays one', async () => {
    const leased = await ports.allocatePort('notes', 'web', { expiresInSeconds: 600, description: 'before' });
    expect(await ports.allocatePort('notes', 'web', { description: 'after' })).toMatchObject({
      port: leased.port,
      description: 'after',
      notes: [expect.stringContaining('It is leased until')],
    });
    expect(await ports.getPort('notes', 'web')).toMatchObject({ description: 'after' });
    await ports.allocatePort('notes', 'web', { expiresInSeconds: 600 });
    expect(await ports.getPort('notes', 'web')).toMatchObject({ description: 'after' });
  });

  test('twenty callers at once get twenty ports', async () => {
    const grants = await Promise.all(Array.from({ length: 20 }, (_, index) => ports.allocatePort('rush', `s${index}`)));
    expect(new Set(grants.map(({ port }) => port)).size).toBe(20);
    const again = await Promise.all(Array.from({ length: 20 }, () => ports.allocatePort('rush', 'same')));
    expect(new Set(again.map(({ port }) => port)).size).toBe(1);
    expect(again.filter(({ created }) => created)).toHaveLength(1);
    const projects = await Promise.all(Array.from({ length: 10 }, (_, index) => ports.allocatePort(`new-${index}`, 'web')));
    expect(new Set(projects.map(({ port }) => port)).size).toBe(10);
  });

  test('a full range says who holds what', async () => {
    await ports.createPortRange('tiny', { first: 20_000, last: 20_001 });
    await ports.allocatePort('tiny', 'a');
    await ports.allocatePort('tiny', 'b');
    await expect(ports.allocatePort('tiny', 'c')).rejects.toMatchObject({
      code: 'exhausted',
      details: {
        holders: [
          { port: 20_000, holder: 'tiny/a' },
          { port: 20_001, holder: 'tiny/b' },
        ],
      },
    });
    expect(await ports.getUtilization('tiny')).toEqual([
      { project: 'tiny', first: 20_000, last: 20_001, allocated: 2, free: 0, percent: 100 },
    ]);
  });

  test('a range is the project’s alone', async () => {
    expect(await ports.createPortRange('tiny', { first: 20_000, last: 20_001 })).toMatchObject({ first: 20_000 });
    await expect(ports.createPortRange('tiny', { first: 21_000, last: 21_001 })).rejects.toMatchObject({ code: 'conflict' });
    for (const other of [{ size: 3 }, { preset: 'low' }] as const)
      await expect(ports.createPortRange('tiny', other)).rejects.toMatchObject({ code: 'conflict' });
    expect(await ports.createPortRange('tiny', { size: 2, preset: 'high' })).toMatchObject({ first: 20_000 });
    await expect(ports.createPortRange('tiny', { deny: [20_000, 20_001] })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(ports.createPortRange('other', { first: 20_001, last: 20_010 })).rejects.toMatchObject({ code: 'conflict' });
    await expect(ports.createPortRange('other', { first: 9050, last: 9060 })).rejects.toMatchObject({ code: 'conflict' });
    for (const span of [
      { first: 9, last: 1 },
      { first: 6000, last: 6000 },
      { first: 65_500, last: 65_600 },
    ]) {
      await expect(ports.createPortRange('other', span)).rejects.toMatchObject({ code: 'invalid_input' });
    }
    expect((await ports.listPortRanges()).map(({ project }) => project)).toContain('tiny');
  });

  test('ports that browsers refuse are never given', async () => {
    await ports.createPortRange('irc', { first: 6660, last: 6670 });
    const given = await Promise.all(Array.from({ length: 6 }, (_, index) => ports.allocatePort('irc', `s${index}`)));
    expect(given.filter(({ port }) => refusedByBrowsers.includes(port))).toEqual([]);
    await expect(ports.allocatePort('irc', 'one-more')).rejects.toMatchObject({ code: 'exhausted' });
  });

  test('conventional ports are given by number only, and so is what a range denies', async () => {
    await ports.createPortRange('data', { first: 5431, size: 4, deny: [5433] });
    expect(await ports.allocatePort('data', 'a')).toMatchObject({ port: 5431 });
    expect(await ports.allocatePort('data', 'b')).toMatchObject({ port: 5434 });
    await expect(ports.allocatePort('data', 'c')).rejects.toMatchObject({
      message:
        'The range of data (5431–5434) is full: 5431 data/a, 5434 data/b, 5432, 5433 given by number only. Release one, or pin a port elsewhere.',
    });
    expect(await ports.allocateSpecificPort('data', 'postgres', 5432)).toMatchObject({ port: 5432, pinned: false });
    expect(await ports.getUtilization('data')).toMatchObject([{ allocated: 2, free: 0 }]);
    expect(await ports.createPortRange('data', { first: 5431, last: 5434, deny: [] })).toMatchObject({ denied: [5432] });
    expect(await ports.allocatePort('data', 'c')).toMatchObject({ port: 5433 });
  });

  test('a preset holds for the projects after it, a size for its own', async () => {
    expect(await ports.createPortRange('tall', { preset: 'high', size: 250 })).toMatchObject({
      first: 20_100,
      last: 20_349,
      start: 20_000,
    });
    expect(await ports.allocatePort('after', 'web')).toMatchObject({ port: 20_400 });
    expect(await ports.createPortRange('aside', { preset: 'low', bound: true })).toMatchObject({ start: 20_000 });
    expect((await ports.listPortRanges()).find(({ project }) => project === 'aside')!.first).toBeLessThan(20_000);
    expect(await ports.createPortRange('back', { preset: 'low' })).toMatchObject({ start: 3000 });
    expect((await ports.createPortRange('again')).first).toBeLessThan(20_000);
  });

  test('a project whose name is no slug is refused', async () => {
    for (const asked of [
      () => ports.allocatePort('My Shop!', 'web'),
      () => ports.allocateSpecificPort('My Shop!', 'web', 4000),
      () => ports.createPortRange('My Shop!'),
    ])
      await expect(asked()).rejects.toMatchObject({ code: 'invalid_input', details: { fields: ['project'] } });
  });

  test('a new project close to a known one is told so', async () => {
    const { notes } = await ports.allocatePort('shopp', 'web');
    expect(notes).toEqual(['shopp is new. Did you mean shop?']);
  });

  test('a project that is over gives everything back', async () => {
    await ports.createPortRange('over', { first: 21_000, last: 21_009 });
    await ports.allocatePort('over', 'web', { instance: 'fix' });
    await ports.allocateSpecificPort('over', 'pinned', 22_000);
    expect(await ports.releaseProject('over')).toEqual({ released: [21_000, 22_000], range: { first: 21_000, last: 21_009 } });
    expect(await ports.releaseProject('over')).toEqual({ released: [], range: null });
    expect(await ports.createPortRange('next', { first: 21_000, last: 21_009 })).toMatchObject({ project: 'next' });
  });

  test('holdings are the first of each project', async () => {
    expect(await ports.holdings(1, 'tiny')).toEqual([{ project: 'tiny', owner: 'tiny/a', port: 20_000 }]);
    expect((await ports.holdings(1)).filter(({ project }) => project === 'rush')).toHaveLength(1);
  });

  test('pages follow one another', async () => {
    const seen: number[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await ports.listAllocations({ limit: 7, cursor });
      seen.push(...page.allocations.map(({ port }) => port));
      cursor = page.nextCursor;
      if (!cursor) break;
    }
    const all = (await ports.listAllocations({ limit: 500 })).allocations.map(({ port }) => port);
    expect(seen).toEqual(all);
    expect((await ports.listAllocations({ limit: all.length })).nextCursor).toBeUndefined();
    expect((await ports.listAllocations({ port: 5173 })).allocations).toMatchObject([{ project: 'shop' }]);
    for (const wrong of [{ cursor: 'x' }, { limit: 0 }])
      await expect(ports.listAllocations(wrong)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

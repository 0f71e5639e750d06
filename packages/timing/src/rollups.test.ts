import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import type { Stats } from './stats.js';
import { TaskTimer } from './task-timer.js';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let fresh: Database;
  let tasks: TaskTimer;
  let now = Date.parse('2026-01-01T00:00:00Z');
  const later = (seconds: number) => (now += seconds * 1000);
  beforeAll(async () => {
    database = await open();
    fresh = await open();
    tasks = new TaskTimer({ db: database, now: () => new Date(now) });
  });
  afterAll(async () => {
    await database.close();
    await fresh.close();
  });

  test('rollups say what the tasks themselves say', async () => {
    for (let index = 0; index < 60; index++) {
      const project = `p${index % 3}`;
      const id = `t${index}`;
      const estimatedSeconds = index % 4 < 2 ? 100 : undefined;
      const who = { agent: `a${index % 4}`, model: index % 5 === 0 ? undefined : 'm' };
      await tasks.startTask(id, `type${index % 2}`, 'x', { project, estimatedSeconds, ...who });
      later(10 + ((index * 37) % 500));
      if (index % 10 === 9) await tasks.failTask(id, 'no', { project });
      else await tasks.completeTask(id, { project });
      later(index % 7 === 0 ? 40_000 : 10);
    }
    await tasks.startTask('runs', 'type0', 'x', { project: 'p0', agent: 'a0', model: 'm' });
    const close = (stats: Stats | undefined, exact: Stats | undefined) => {
      for (const name of ['count', 'completed', 'failed', 'abandoned', 'running', 'successRate'] as const)
        expect([name, stats?.[name]]).toEqual([name, exact?.[name]]);
      for (const name of ['meanSeconds', 'p50Seconds', 'p80Seconds', 'p90Seconds', 'actualToEstimate'] as const) {
        expect([name, stats?.[name] === null]).toEqual([name, exact?.[name] === null]);
        expect(Math.abs(Math.log((stats?.[name] ?? 1) / (exact?.[name] ?? 1)))).toBeLessThan(0.1);
      }
    };
    const day = '2026-01-03';
    const covered = [
      {},
      { project: 'p1' },
      { type: 'type0' },
      { project: 'p1', type: 'type1' },
      { agent: 'a1' },
      { agent: 'a2', model: 'm' },
    ];
    for (const filter of [...covered, { project: 'p0', since: day }, { type: 'type0', since: day, until: '2026-01-05' }]) {
      close(await tasks.getStats(filter), await tasks.getStats({ ...filter, exact: true }));
    }
    for (const by of ['type', 'project', 'agent', 'model', 'day'] as const) {
      const [groups, exact] = [await tasks.getStatsBy(by), await tasks.getStatsBy(by, { exact: true })];
      const ended = exact.filter(({ key }) => by !== 'day' || key !== '');
      expect(groups.map(({ key }) => key)).toEqual(ended.map(({ key }) => key));
      groups.forEach((group, index) => close(group, ended[index]));
    }
    // A cross that no rollup has comes from the tasks.
    expect(await tasks.getStats({ type: 'type0', agent: 'a0' })).toMatchObject({ count: 16, running: 1 });
  });

  test('whoever completes a task at the same time as others, it is counted once', async () => {
    await tasks.startTask('once', 'race', 'x', { project: 'race' });
    later(60);
    await Promise.all(Array.from({ length: 8 }, () => tasks.completeTask('once', { project: 'race' })));
    const starts = Array.from({ length: 20 }, (_, index) => `many${index}`);
    await Promise.all(starts.map((id) => tasks.startTask(id, 'race', 'x', { project: 'race' })));
    later(60);
    await Promise.all(starts.map((id) => tasks.completeTask(id, { project: 'race' })));
    expect(await tasks.getStats({ project: 'race' })).toMatchObject({ count: 21, completed: 21, meanSeconds: 60, p90Seconds: 60 });
  });

  test('what is left behind is abandoned, and a later completion still counts', async () => {
    const options = { project: 'left' };
    await tasks.startTask('ttl', 'left', 'x', { ...options, ttlSeconds: 60 });
    await tasks.startTask('mine', 'left', 'x', { ...options, session: 's1' });
    await tasks.startTask('other', 'left', 'x', { ...options, session: 's2', ttlSeconds: 61 });
    later(60);
    expect(await tasks.abandonExpired()).toBe(1);
    expect(await tasks.abandonSession('s1')).toBe(1);
    expect(await tasks.abandonSession('s1')).toBe(0);
    expect(await tasks.getTask('ttl', options)).toMatchObject({ status: 'abandoned', durationSeconds: null });
    expect(await tasks.getStats(options)).toMatchObject({ count: 3, abandoned: 2, running: 1, completed: 0, successRate: 0 });
    later(86_400);
    expect(await tasks.completeTask('ttl', options)).toMatchObject({ status: 'completed', durationSeconds: 86_460 });
    expect(await tasks.getStats(options)).toMatchObject({ count: 3, abandoned: 1, completed: 1 });
    expect((await tasks.getStatsBy('day', options)).map(({ completed, abandoned }) => [completed, abandoned])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(await tasks.abandonExpired()).toBe(1);
  });

  test('what agents left that ended while no service ran is abandoned, unless they come back', async () => {
    const project = 'lost';
    const start = (id: string, session?: string) => tasks.startTask(id, 'lost', 'x', { project, session });
    for (const [id, session] of [['gone', 's1'], ['back', 's2'], ['nobodys']] as const) await start(id, session);
    later(60);
    const serviceStart = new Date(now);
    await start('new', 's3');
    const running = async () => (await tasks.getRunningTasks({ project })).map(({ id }) => id).toSorted();
    expect(await tasks.abandonLost(serviceStart, ['s2'])).toBe(1);
    expect(await running()).toEqual(['back', 'new', 'nobodys']);
    expect(await tasks.abandonLost(serviceStart, [])).toBe(1);
    expect(await running()).toEqual(['new', 'nobodys']);
  });

  test('whoever starts a task again has it, and the time in between does not count', async () => {
    const project = 'again';
    const start = (session: string, ttlSeconds?: number) => tasks.startTask('one', 'again', 'x', { project, session, ttlSeconds });
    await start('s1', 60);
    later(50);
    expect(await start('s2', 60)).toMatchObject({ created: false, expiresAt: new Date(now + 60_000).toISOString() });
    later(50);
    expect(await tasks.abandonSession('s1')).toBe(0);
    expect(await tasks.abandonExpired()).toBe(0);
    expect(await tasks.abandonSession('s2')).toBe(1);
    later(86_400);
    expect(await start('s3')).toMatchObject({ status: 'running', endedAt: null, expiresAt: null });
    expect(await tasks.getStats({ project })).toMatchObject({ count: 1, running: 1, abandoned: 0 });
    expect(await tasks.getStatsBy('day', { project })).toMatchObject([{ abandoned: 0 }]);
    later(20);
    expect(await tasks.completeTask('one', { project })).toMatchObject({ status: 'completed', durationSeconds: 120 });
    expect(await tasks.getStats({ project })).toMatchObject({ count: 1, completed: 1, p50Seconds: 120 });
    await expect(start('s4')).rejects.toMatchObject({ code: 'conflict' });
  });

  test('an estimate rests on what was completed before, or says that there is too little', async () => {
    const timer = new TaskTimer({ db: fresh, now: () => new Date(now) });
    expect(await timer.startTask('first', 'fix', 'x')).toMatchObject({ estimate: expect.stringMatching(/^No estimate yet: 0 tasks/) });
    later(600);
    await timer.completeTask('first');
    for (let index = 0; index < 20; index++) {
      await timer.startTask(`e${index}`, 'fix', 'x', { estimatedSeconds: 7200 });
      later(600 + (index % 10) * 60);
      await timer.completeTask(`e${index}`);
    }
    const advice = await timer.estimateTask({ type: 'fix', estimatedSeconds: 3600 });
    expect(advice).toMatchObject({ count: 20, level: 'agent', trailing: { of: 16, type: null } });
    expect(advice.own!.usualRatio).toBeCloseTo(0.12, 1);
    expect(advice.sentence).toMatch(
      /^\d+–\d+ minutes, from 20 similar tasks \(fix in meta\); such tasks usually take 0\.1\d+ times the own estimate\.$/,
    );
    const elsewhere = await timer.estimateTask({ type: 'fix', project: 'shop' });
    expect(elsewhere).toMatchObject({ level: 'type', count: 21 });
    expect((await timer.estimateTask({ type: 'new' })).sentence).toMatch(/21 tasks of all types, none of them new\.$/);
    expect((await timer.estimateTask({ type: 'Fix' })).sentence).toMatch(/none of them Fix \(did you mean fix\?\)\.$/);
    expect((await timer.estimateTask({ type: 'Fix', project: 'shop' })).sentence).not.toContain('mean');

    // All that is known is of this very type, though of other projects.
    const first = await timer.estimateTask({ type: 'fix', project: 'wiki', agent: 'a' });
    expect(first.sentence).toMatch(/from 21 similar tasks \(fix in all projects\)/);

    for (let index = 0; index < 4; index++) {
      await timer.startTask(`more${index}`, 'fix', 'x');
      later(900);
      await timer.completeTask(`more${index}`);
    }
    expect(await timer.estimateTask({ type: 'fix' })).toMatchObject({ trailing: { of: 20, type: 'fix' } });
    expect(await timer.estimateTask({ type: 'new' })).toMatchObject({ trailing: { of: 20, type: null } });

    const started = await timer.startTask('runs', 'fix', 'x');
    later(900);
    const left = (await timer.getRemaining(await timer.getTask('runs')))!;
    expect(left.p50).toBeGreaterThan(0);
    expect(left.p50).toBeLessThan(300);
    expect(left.p80).toBeGreaterThanOrEqual(left.p50);
    // Beyond all but one that took a day, which says nothing of the next.
    await timer.startTask('day', 'fix', 'x');
    later(86_400);
    await timer.completeTask('day');
    expect(await timer.getRemaining({ ...started, startedAt: new Date(now - 7_200_000).toISOString() })).toBeNull();
  });

  test('imported tasks are counted once, and pruned ones stay counted', async () => {
    const [project, at] = ['old', (day: number) => `2025-03-0${day}T12:00:00.000Z`];
    const task = (day: number) => ({ project, id: `i${day}`, type: 'old', description: 'x', status: 'completed' as const, agent: null });
    const past = [3, 1, 2, 2].map((day) => ({ ...task(day), startedAt: at(day), endedAt: at(day + 1), durationSeconds: day * 100 }));
    expect(await tasks.importTasks(past)).toEqual({ imported: 3, known: 1 });
    expect(await tasks.importTasks(past)).toEqual({ imported: 0, known: 4 });
    const stats = { count: 3, completed: 3, p50Seconds: 200, meanSeconds: 200 };
    expect(await tasks.getStats({ project })).toMatchObject(stats);
    expect(await tasks.pruneTasks(30, { project: 'other' })).toBe(0);
    expect(await tasks.pruneTasks(30, { project })).toBe(3);
    expect(await tasks.getStats({ project })).toMatchObject(stats);
    expect(await tasks.getStats({ project, exact: true })).toMatchObject({ count: 0 });
    expect(await tasks.importTasks(past)).toEqual({ imported: 0, known: 4 });
    expect(await tasks.getStats({ project })).toMatchObject(stats);
  });

  test('a trend is told only where one rollup knows which tasks are the latest', async () => {
    const task = (type: string, index: number, durationSeconds: number) => {
      const endedAt = new Date(Date.parse('2025-05-01T00:00:00Z') + index * 3_600_000);
      const startedAt = new Date(endedAt.getTime() - durationSeconds * 1000).toISOString();
      const about = { project: 'trend', id: `${type}${index}`, type, description: 'x', status: 'completed' as const };
      return { ...about, startedAt, endedAt: endedAt.toISOString(), durationSeconds };
    };
    const often = Array.from({ length: 80 }, (_, index) => task('often', index, 10));
    await tasks.importTasks([...often, ...Array.from({ length: 20 }, (_, index) => task(`rare${index % 10}`, index, 1000))]);
    expect(await tasks.getStats({ project: 'trend' })).toMatchObject({ completed: 100, p50Seconds: 10, trend: null });
    expect(await tasks.getStats({ project: 'trend', exact: true })).toMatchObject({ trend: 1 });
    expect(await tasks.getStats({ project: 'trend', since: '2025-05-01' })).toMatchObject({ trend: null });
    expect(await tasks.getStats({ project: 'trend', type: 'often' })).toMatchObject({ trend: 1 });
  });

  test('pages leave nobody out who began within one millisecond, and the last day there is can be named', async () => {
    const project = 'micro';
    const task = (index: number) => ({
      project,
      id: `m${index}`,
      type: 'micro',
      description: 'x',
      status: 'completed' as const,
      durationSeconds: 1,
      startedAt: `2025-04-01T12:00:00.12345${index}Z`,
      endedAt: '2025-04-01T12:00:01.123456Z',
    });
    await tasks.importTasks([0, 1, 2, 3, 4].map(task));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await tasks.listTasks({ project, limit: 2, cursor });
      seen.push(...page.tasks.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(['m4', 'm3', 'm2', 'm1', 'm0']);
    expect(await tasks.getStats({ project, since: '2025-04-01', until: '9999-12-31', exact: true })).toMatchObject({ count: 5 });
  });

  test('of days the fewer rollups answer: those of one type, not those of its projects', async () => {
    const projects = ['q0', 'q1', 'q2'];
    const done = { id: 'one', type: 'alone', description: 'x', status: 'completed' as const, durationSeconds: 60 };
    const [startedAt, endedAt] = ['2024-02-01T12:00:00Z', '2024-02-01T12:01:00Z'];
    await tasks.importTasks(projects.map((project) => ({ ...done, project, startedAt, endedAt })));
    // Only one rollup alone knows how its latest tasks compare with all.
    const day = { since: '2024-02-01', until: '2024-02-01' };
    expect(await tasks.getStats(day)).toMatchObject({ completed: 3, trend: 1 });
    expect(await tasks.getStatsBy('day', day)).toMatchObject([{ key: day.since, completed: 3, trend: 1 }]);
  });

  test('children ran side by side', async () => {
    const project = 'family';
    expect(await tasks.getChildren('parent', { project })).toBeNull();
    for (const id of ['a', 'b']) await tasks.startTask(id, 'part', 'x', { project, parentTaskId: 'parent' });
    later(100);
    await tasks.completeTask('a', { project, costUsd: 0.25, retries: 2 });
    later(100);
    await tasks.completeTask('b', { project });
    expect(await tasks.getChildren('parent', { project })).toEqual({
      count: 2,
      running: 0,
      sumSeconds: 300,
      wallSeconds: 200,
      efficiency: 1.5,
    });
    expect(await tasks.getTask('a', { project })).toMatchObject({ costUsd: 0.25, retries: 2 });
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { importedTask } from './fields.js';
import { taskOperations } from './operations.js';
import { TaskTimer } from './task-timer.js';

interface Running {
  runningTasks: { id: string }[];
}
const statsOperation = taskOperations.find(({ name }) => name === 'get_task_stats')! as {
  handle(deps: { tasks: TaskTimer }, input: object, context: never): Promise<unknown>;
};

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let tasks: TaskTimer;
  let now = Date.parse('2026-01-01T00:00:00Z');
  const later = (seconds: number) => (now += seconds * 1000);
  beforeAll(async () => {
    database = await open();
    tasks = new TaskTimer({ db: database, now: () => new Date(now) });
  });
  afterAll(() => database.close());

  test('the clock runs from start to completion', async () => {
    expect(await tasks.startTask('task-123', 'epic_creation', 'Write the epic', { estimatedSeconds: 60, agent: 'a' })).toMatchObject({
      project: 'meta',
      status: 'running',
      startedAt: '2026-01-01T00:00:00.000Z',
      created: true,
      estimatedSeconds: 60,
    });
    later(90);
    expect(await tasks.completeTask('task-123', { outcome: 'written', tokens: 5_000_000_000 })).toMatchObject({
      status: 'completed',
      durationSeconds: 90,
      outcome: 'written',
      tokens: 5_000_000_000,
    });
  });

  test('repeating changes nothing', async () => {
    later(10);
    // No clock would run, and whoever started it would not know.
    await expect(tasks.startTask('task-123', 'epic_creation', 'Again')).rejects.toMatchObject({
      code: 'conflict',
      details: { status: 'completed' },
    });
    expect(await tasks.completeTask('task-123', { outcome: 'again' })).toMatchObject({ durationSeconds: 90, outcome: 'written' });
    const starts = await Promise.all(Array.from({ length: 10 }, () => tasks.startTask('once', 'bug_fix', 'x')));
    expect(starts.filter(({ created }) => created)).toHaveLength(1);
  });

  test('what contradicts is a conflict, what is unknown not found', async () => {
    await expect(tasks.startTask('x', 'fix', '', { project: 'My Shop!' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(tasks.startTask('task-123', 'bug_fix', 'x')).rejects.toMatchObject({ code: 'conflict' });
    await expect(tasks.failTask('task-123', 'no')).rejects.toMatchObject({ code: 'conflict' });
    await expect(tasks.completeTask('onse')).rejects.toMatchObject({ code: 'not_found', details: { near: ['once'] } });
    expect(await tasks.startTask('task-123', 'bug_fix', 'x', { project: 'shop' })).toMatchObject({ created: true });
  });

  test('statistics are of completed tasks, per type too', async () => {
    for (const [index, seconds] of [10, 20, 30, 40].entries()) {
      await tasks.startTask(`s${index}`, 'review', 'x', { project: 'stats', estimatedSeconds: 20 });
      later(seconds);
      if (seconds === 40) await tasks.failTask(`s${index}`, 'gave up', { project: 'stats' });
      else await tasks.completeTask(`s${index}`, { project: 'stats' });
    }
    const expected = {
      count: 4,
      completed: 3,
      failed: 1,
      running: 0,
      successRate: 0.75,
      meanSeconds: 20,
      p50Seconds: 20,
      p80Seconds: 26,
      p90Seconds: 28,
      actualToEstimate: 1,
      abandoned: 0,
      trend: expect.closeTo(1, 1),
    };
    expect(await tasks.getStats({ project: 'stats' })).toEqual(expected);
    expect(await tasks.getStatsByType({ project: 'stats' })).toEqual([{ type: 'review', ...expected }]);
    expect(await tasks.getStats({ type: 'nothing' })).toMatchObject({ count: 0, successRate: null, p50Seconds: null });
  });

  test('a clock that was set back teaches nothing', async () => {
    const project = 'clock';
    for (const [id, seconds] of [
      ['forward', 60],
      ['back', -60],
    ] as const) {
      await tasks.startTask(id, 'clock', 'x', { project });
      later(seconds);
      await tasks.completeTask(id, { project });
    }
    later(60);
    expect(await tasks.getTask('back', { project })).toMatchObject({ status: 'completed', durationSeconds: null });
    for (const exact of [false, true]) {
      expect(await tasks.getStats({ project, exact })).toMatchObject({ completed: 2, meanSeconds: 60, p50Seconds: 60 });
    }
  });

  test('what is said to run is what was asked for', async () => {
    const project = 'who';
    for (const agent of ['a', 'b']) await tasks.startTask(agent, 'who', 'x', { project, agent });
    const ask = async (input: object) => {
      const { runningTasks } = (await statsOperation.handle({ tasks }, { by: 'type', project, ...input }, {} as never)) as Running;
      return runningTasks.map(({ id }) => id);
    };
    expect(await ask({})).toEqual(['b', 'a']);
    expect(await ask({ agent: 'a' })).toEqual(['a']);
    expect(await ask({ model: 'm' })).toEqual([]);
    expect(await ask({ since: '2020-01-01' })).toEqual([]);
    for (const id of ['a', 'b']) await tasks.completeTask(id, { project });
  });

  test('a task that has ended in the future is refused', () => {
    const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
    const about = { project: 'p', id: 'i', type: 't', description: 'x', status: 'completed', durationSeconds: 1 };
    const task = (endedAt: string) => ({ ...about, startedAt: at(-60_000), endedAt });
    expect(importedTask.safeParse(task(at(3_600_000))).success).toBe(true);
    expect(importedTask.safeParse(task(at(2 * 86_400_000))).error?.issues).toMatchObject([{ path: ['endedAt'] }]);
  });

  test('tasks are found by text, state and page', async () => {
    await tasks.startTask('odd', 'search', '100% of a_b', { project: 'find' });
    expect((await tasks.searchTasks('100%', { project: 'find' })).tasks).toHaveLength(1);
    expect((await tasks.searchTasks('1%0', { project: 'find' })).tasks).toHaveLength(0);
    expect((await tasks.searchTasks('a_B')).tasks).toHaveLength(1);
    expect((await tasks.getRunningTasks()).map(({ id }) => id).toSorted()).toEqual(['odd', 'once', 'task-123']);
    const first = await tasks.listTasks({ limit: 3 });
    const second = await tasks.listTasks({ limit: 500, cursor: first.nextCursor });
    const all = await tasks.listTasks({ limit: 500 });
    expect([...first.tasks, ...second.tasks]).toEqual(all.tasks);
    expect(await tasks.listTasks({ limit: all.tasks.length })).toEqual(all);
    const forged = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    for (const cursor of ['bm90IGpzb24', forged(['1', 'a', 'b']), forged(['2026-01-01T00:00:00.000Z', 'a\0', 'b']), forged(null)]) {
      await expect(tasks.listTasks({ cursor })).rejects.toMatchObject({ code: 'invalid_input' });
    }
    expect(await tasks.countByProject('find')).toEqual([{ project: 'find', count: 1, running: 1 }]);
  });
});

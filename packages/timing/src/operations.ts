import { instant, nameField, operation, projectFilter, proseField, textField, type Context } from '@supervisor/core';
import { z } from 'zod';
import {
  id,
  type,
  label,
  seconds,
  project,
  share,
  task,
  stats,
  results,
  day,
  remaining,
  importedTask,
  list,
  tasks,
  lesson,
} from './fields.js';
import type { TaskTimer } from './task-timer.js';

export interface TaskDeps {
  tasks: TaskTimer;
  lessons?: Lessons | undefined;
}

/** Where there is a memory beside the clock. Neither rejects: a task never fails of it. */
export interface Lessons {
  /** Keeps what a task taught. @returns its id, null when it could not be kept */
  keep(task: { project: string; id: string }, text: string, context: Context): Promise<number | null>;
  /** What is worth knowing before a task begins, the best first. */
  related(task: { project: string; description: string }, context: Context): Promise<Lesson[]>;
}

export interface Lesson {
  id: number;
  project: string;
  text: string;
}

export const taskOperations = [
  operation({
    name: 'start_task',
    route: 'PUT /projects/{project}/tasks/{id}',
    summary: 'Start the clock of a task',
    description: 'Call when work begins; answers how long such work takes, and what was learned about it.',
    access: 'write',
    toolset: 'default',
    input: z.object({
      id,
      type,
      description: proseField('What is to be done'),
      project,
      estimatedSeconds: seconds.optional(),
      agent: label('Who works'),
      model: label('With which model'),
      complexity: label('low, medium, high …'),
      parentTaskId: nameField('The task it is part of', 200).optional(),
      ttlSeconds: seconds.optional().describe('Abandoned when still running then'),
    }),
    output: task.extend({ created: z.boolean().describe('False: it was already started'), estimate: z.string(), related: z.array(lesson) }),
    subject: ({ id }) => id,
    handle: async ({ tasks, lessons }: TaskDeps, { id, type, description, ...options }, context) => {
      const started = await tasks.startTask(id, type, description, { ...options, session: context.session });
      return { ...started, related: (await lessons?.related(started, context)) ?? [] };
    },
  }),
  operation({
    name: 'estimate_task',
    route: 'GET /task-estimate',
    summary: 'Tell how long such work really takes',
    description: 'Call before promising a time. Give your own estimate: it is corrected by how yours usually turn out.',
    access: 'read',
    toolset: 'default',
    input: z.object({
      type,
      // As start_task has it, so that one input serves both; estimates do not rest on it.
      description: proseField('What is to be done').optional(),
      project,
      agent: label('Who would work'),
      model: label('With which model'),
      estimatedSeconds: seconds.optional(),
    }),
    output: z.object({
      sentence: z.string(),
      p10Seconds: share,
      p50Seconds: share,
      p80Seconds: share,
      p90Seconds: share,
      count: z.int().describe('Tasks it rests on'),
      level: z.enum(['all', 'type', 'project', 'agent']).nullable().describe('How close those are'),
      trailing: z
        .object({ held: z.int(), of: z.int(), type: z.string().nullable() })
        .nullable()
        .describe('How the last p10–p90 intervals held; 80 % should'),
      own: z.object({ estimatedSeconds: z.number(), usualRatio: share }).nullable(),
    }),
    handle: ({ tasks }: TaskDeps, { description: _, ...task }) => tasks.estimateTask(task),
  }),
  operation({
    name: 'complete_task',
    route: 'POST /projects/{project}/tasks/{id}/complete',
    summary: 'Stop the clock of a task',
    description: 'Call when the work is done.',
    access: 'write',
    toolset: 'default',
    input: z.object({
      id,
      project,
      outcome: proseField('What came of it').optional(),
      failed: proseField('Why it did not succeed').min(1).optional(),
      learned: textField('What others should know').min(1).optional(),
      ...results,
    }),
    output: task.extend({ learned: z.int().nullable().optional().describe('Id of the learning; null: it could not be kept') }),
    subject: ({ id }) => id,
    handle: async ({ tasks, lessons }: TaskDeps, { id, failed, learned, ...options }, context) => {
      const ended = await (failed === undefined ? tasks.completeTask(id, options) : tasks.failTask(id, failed, options));
      if (learned === undefined) return ended;
      return { ...ended, learned: (await lessons?.keep(ended, learned, context)) ?? null };
    },
  }),
  operation({
    name: 'fail_task',
    route: 'POST /projects/{project}/tasks/{id}/fail',
    summary: 'Stop the clock of a task that did not succeed',
    access: 'write',
    input: z.object({
      id,
      error: proseField('Why it did not succeed').min(1),
      project,
      outcome: proseField('What came of it').optional(),
      ...results,
    }),
    output: task,
    subject: ({ id }) => id,
    handle: ({ tasks }: TaskDeps, { id, error, ...options }) => tasks.failTask(id, error, options),
  }),
  operation({
    name: 'get_task',
    route: 'GET /projects/{project}/tasks/{id}',
    summary: 'Show one task',
    access: 'read',
    input: z.object({ id, project }),
    output: task.extend({
      remaining,
      children: z
        .object({ count: z.int(), running: z.int(), sumSeconds: z.number(), wallSeconds: z.number(), efficiency: share })
        .nullable()
        .describe('Sum and wall time of its children; sum ÷ wall is the efficiency'),
    }),
    handle: async ({ tasks }: TaskDeps, { id, project }) => {
      const found = await tasks.getTask(id, { project });
      const [left, children] = await Promise.all([tasks.getRemaining(found), tasks.getChildren(id, { project })]);
      return { ...found, remaining: left && { p50Seconds: left.p50, p80Seconds: left.p80 }, children };
    },
  }),
  operation({
    name: 'list_tasks',
    route: 'GET /tasks',
    summary: 'List tasks, the last started first',
    description: 'With `search`: those whose id, type or description contains it.',
    access: 'read',
    toolset: 'admin',
    input: z.object({ ...list, search: textField('Text to look for', 200).min(1).optional() }),
    output: tasks,
    handle: ({ tasks }: TaskDeps, { search, ...filter }) =>
      search === undefined ? tasks.listTasks(filter) : tasks.searchTasks(search, filter),
  }),
  operation({
    name: 'record_tasks',
    command: false,
    route: 'POST /tasks/record',
    summary: 'Record tasks that are over, and learn from them',
    description: 'Those that are already there stay as they are.',
    access: 'write',
    input: z.object({ tasks: z.array(importedTask).min(1).max(200) }),
    output: z.object({ imported: z.int(), known: z.int() }),
    projects: ({ tasks }) => [...new Set(tasks.map(({ project }) => project))],
    handle: ({ tasks: timer }: TaskDeps, { tasks }) => timer.importTasks(tasks),
  }),
  operation({
    name: 'prune_tasks',
    route: 'POST /tasks/prune',
    summary: 'Delete old tasks; statistics and estimates stay',
    access: 'destroy',
    input: z.object({ olderThanDays: z.int().min(1).max(36_500), project: projectFilter() }),
    output: z.object({ deleted: z.int() }),
    handle: async ({ tasks }: TaskDeps, { olderThanDays, project }) => ({ deleted: await tasks.pruneTasks(olderThanDays, { project }) }),
  }),
  operation({
    name: 'get_task_stats',
    route: 'GET /task-stats',
    summary: 'Show how long tasks took: counts, success rate, median, p80, p90 in seconds',
    description: 'Overall and by type or another. What runs comes with the time it will still take.',
    access: 'read',
    toolset: 'default',
    input: z.object({
      project: projectFilter(),
      type: type.optional(),
      agent: label('Only this agent'),
      model: label('Only this model'),
      since: day('First day, 2026-01-31'),
      until: day('Last day'),
      by: z.enum(['type', 'project', 'agent', 'model', 'day']).default('type'),
      exact: z.boolean().optional().describe('Slower; else within 10 %'),
    }),
    output: stats.extend({
      groups: z.array(stats.extend({ key: z.string() })),
      runningTasks: z.array(
        z.object({ project: z.string(), id: z.string(), type: z.string(), startedAt: instant, remaining }).describe('The last ten'),
      ),
    }),
    handle: async ({ tasks }: TaskDeps, { by, ...filter }) => {
      const { since, until, exact: _, ...whose } = filter;
      const [all, groups] = [await tasks.getStats(filter), await tasks.getStatsBy(by, filter)];
      // What runs has ended on no day.
      const always = since === undefined && until === undefined;
      const running = always ? (await tasks.listTasks({ ...whose, status: 'running', limit: 10 })).tasks : [];
      const runningTasks = [];
      for (const task of running) {
        const left = await tasks.getRemaining(task);
        runningTasks.push({ ...task, remaining: left && { p50Seconds: left.p50, p80Seconds: left.p80 } });
      }
      return { ...all, groups, runningTasks };
    },
  }),
];

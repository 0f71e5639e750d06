import { instant, nameField, nextCursor, operation, page, projectField, projectFilter, textField } from '@supervisor/core';
import { z } from 'zod';
import type { TaskTimer } from './task-timer.js';

export interface TaskDeps {
  tasks: TaskTimer;
}

const id = nameField('Your own id for the task', 200);
const type = nameField('Kind of work, always the same word for the same kind: bug_fix, epic_creation …');
const label = (description: string) => nameField(description).optional();
const seconds = z.number().min(0.001).max(1e9);
const amount = z.int().min(0).max(2_000_000_000).optional();
const status = z.enum(['running', 'completed', 'failed']);
// Where the caller has no project either, a task belongs to the machine's own.
const project = projectField('meta');

const task = z.object({
  project: z.string(),
  id: z.string(),
  type: z.string(),
  description: z.string(),
  status,
  startedAt: instant,
  endedAt: instant.nullable(),
  durationSeconds: z.number().nullable(),
  estimatedSeconds: z.number().nullable(),
  agent: z.string().nullable(),
  model: z.string().nullable(),
  complexity: z.string().nullable(),
  parentTaskId: z.string().nullable(),
  outcome: z.string().nullable(),
  error: z.string().nullable(),
  filesChanged: z.int().nullable(),
  linesChanged: z.int().nullable(),
  tokens: z.int().nullable(),
});

const share = z.number().nullable();
const stats = z.object({
  count: z.int(),
  completed: z.int(),
  failed: z.int(),
  running: z.int(),
  successRate: share,
  meanSeconds: share,
  p50Seconds: share,
  p80Seconds: share,
  p90Seconds: share,
  actualToEstimate: share.describe('Median of actual ÷ estimated'),
});

const results = {
  filesChanged: amount,
  linesChanged: amount,
  tokens: z.int().min(0).max(1e15).optional(),
};
const list = { project: projectFilter(), type: type.optional(), status: status.optional(), ...page };
const tasks = z.object({ tasks: z.array(task), nextCursor });

export const taskOperations = [
  operation({
    name: 'start_task',
    route: 'PUT /projects/{project}/tasks/{id}',
    summary: 'Start the clock of a task',
    description: 'Call when work begins. Repeating it changes nothing.',
    access: 'write',
    toolset: 'default',
    input: z.object({
      id,
      type,
      description: textField('What is to be done'),
      project,
      estimatedSeconds: seconds.optional(),
      agent: label('Who works'),
      model: label('With which model'),
      complexity: label('low, medium, high …'),
      parentTaskId: id.optional(),
    }),
    output: task.extend({ created: z.boolean().describe('False: it was already started') }),
    subject: ({ id }) => id,
    handle: ({ tasks }: TaskDeps, { id, type, description, ...options }) => tasks.startTask(id, type, description, options),
  }),
  operation({
    name: 'complete_task',
    route: 'POST /projects/{project}/tasks/{id}/complete',
    summary: 'Stop the clock of a task',
    description: 'Call when the work is done. For one that did not succeed, set failed to the reason.',
    access: 'write',
    toolset: 'default',
    input: z.object({
      id,
      project,
      outcome: textField('What came of it').optional(),
      failed: textField('Why it did not succeed').min(1).optional(),
      ...results,
    }),
    output: task,
    subject: ({ id }) => id,
    handle: ({ tasks }: TaskDeps, { id, failed, ...options }) =>
      failed === undefined ? tasks.completeTask(id, options) : tasks.failTask(id, failed, options),
  }),
  operation({
    name: 'fail_task',
    route: 'POST /projects/{project}/tasks/{id}/fail',
    summary: 'Stop the clock of a task that did not succeed',
    access: 'write',
    input: z.object({
      id,
      error: textField('Why it did not succeed').min(1),
      project,
      outcome: textField('What came of it').optional(),
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
    output: task,
    handle: ({ tasks }: TaskDeps, { id, project }) => tasks.getTask(id, { project }),
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
    name: 'get_task_stats',
    route: 'GET /task-stats',
    summary: 'Show how long tasks took: counts, success rate, median, p80, p90 in seconds',
    description: 'Overall and for each type. Look here before promising a time.',
    access: 'read',
    toolset: 'default',
    input: z.object({ project: projectFilter(), type: type.optional(), agent: label('Only this agent'), model: label('Only this model') }),
    output: stats.extend({ byType: z.array(stats.extend({ type: z.string() })) }),
    handle: async ({ tasks }: TaskDeps, filter) => ({ ...(await tasks.getStats(filter)), byType: await tasks.getStatsByType(filter) }),
  }),
];

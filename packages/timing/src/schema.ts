import { instant, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { bigint, check, doublePrecision, index, integer, json, jsonb, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Levels } from './estimate/estimator.js';
import type { StoredHistogram } from './estimate/histogram.js';
import type { Prediction } from './task.js';

export const taskExecutions = supervisor.table(
  'task_executions',
  {
    project: text().notNull(),
    id: text().notNull(),
    type: text().notNull(),
    description: text().notNull(),
    status: text({ enum: ['running', 'completed', 'failed', 'abandoned'] })
      .notNull()
      .default('running'),
    startedAt: instant('started_at').notNull(),
    endedAt: instant('ended_at'),
    durationSeconds: doublePrecision('duration_seconds'),
    /** In which nobody worked on it: from when it was abandoned until it was started again. */
    idleSeconds: doublePrecision('idle_seconds').notNull().default(0),
    estimatedSeconds: doublePrecision('estimated_seconds'),
    agent: text(),
    model: text(),
    complexity: text(),
    parentTaskId: text('parent_task_id'),
    outcome: text(),
    error: text(),
    filesChanged: integer('files_changed'),
    linesChanged: integer('lines_changed'),
    tokens: bigint({ mode: 'number' }),
    costUsd: doublePrecision('cost_usd'),
    retries: integer(),
    metadata: jsonb().$type<Record<string, unknown>>(),
    /** When it counts as abandoned if it still runs. */
    expiresAt: instant('expires_at'),
    /** The agent's session that it ends with. */
    session: text(),
    /** What was estimated when it started. */
    prediction: json().$type<Prediction>(),
  },
  (table) => [
    primaryKey({ columns: [table.project, table.id] }),
    index('task_executions_started').on(table.startedAt),
    index('task_executions_type').on(table.type, table.project),
    index('task_executions_ended_at').on(table.endedAt),
    index('task_executions_parent')
      .on(table.project, table.parentTaskId)
      .where(sql`parent_task_id is not null`),
    index('task_executions_running')
      .on(table.project)
      .where(sql`status = 'running'`),
    check('task_executions_ended', sql`(status = 'running') = (ended_at is null)`),
  ],
);

/** Which tasks were deleted. They stay counted, so an import must not count them again. */
export const prunedTasks = supervisor.table(
  'pruned_tasks',
  {
    project: text().notNull(),
    id: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.project, table.id] })],
);

/** What the tasks of one key came to, kept by whoever ends one. A part of the key that does not matter is empty. */
export const taskRollups = supervisor.table(
  'task_rollups',
  {
    kind: text({ enum: ['all', 'type', 'project', 'agent', 'agent_model', 'project_day', 'type_day'] }).notNull(),
    project: text().notNull(),
    type: text().notNull(),
    agent: text().notNull(),
    model: text().notNull(),
    /** The day it ended, in UTC, as 2026-01-31. */
    day: text().notNull(),
    completed: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    abandoned: integer().notNull().default(0),
    totalSeconds: doublePrecision('total_seconds').notNull().default(0),
    seconds: json().$type<StoredHistogram>().notNull().default([]),
    roots: json().$type<StoredHistogram>().notNull().default([]),
    ratios: json().$type<StoredHistogram>().notNull().default([]),
    /** Of a `type`: the levels of its estimates. Older releases kept those of `all`. */
    levels: json().$type<Levels>(),
    /** Of a `type` and of `all`: whether the last 200 intervals held, as 0 and 1. */
    held: text(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.project, table.type, table.agent, table.model, table.day] })],
);

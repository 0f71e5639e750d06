import { instant, supervisor } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { bigint, check, doublePrecision, index, integer, jsonb, primaryKey, text } from 'drizzle-orm/pg-core';

export const taskExecutions = supervisor.table(
  'task_executions',
  {
    project: text().notNull(),
    id: text().notNull(),
    type: text().notNull(),
    description: text().notNull(),
    status: text({ enum: ['running', 'completed', 'failed'] })
      .notNull()
      .default('running'),
    startedAt: instant('started_at').notNull(),
    endedAt: instant('ended_at'),
    durationSeconds: doublePrecision('duration_seconds'),
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
    metadata: jsonb().$type<Record<string, unknown>>(),
  },
  (table) => [
    primaryKey({ columns: [table.project, table.id] }),
    index('task_executions_started').on(table.startedAt),
    index('task_executions_type').on(table.type, table.project),
    index('task_executions_running')
      .on(table.project)
      .where(sql`status = 'running'`),
    check('task_executions_ended', sql`(status = 'running') = (ended_at is null)`),
  ],
);

import { instant, nameField, nextCursor, page, projectField, projectFilter, proseField, slugPattern } from '@supervisor/core';
import { z } from 'zod';

export const id = nameField('Your own id for the task', 200);
export const type = nameField('Kind of work, always the same word: bug_fix, epic_creation …');
export const label = (description: string) => nameField(description).optional();
export const seconds = z.number().min(0.001).max(1e9);
const amount = z.int().min(0).max(2_000_000_000).optional();
const status = z.enum(['running', 'completed', 'failed', 'abandoned']);
// Where the caller has no project either, a task belongs to the machine's own.
export const project = projectField('meta');

export const share = z.number().nullable();
const whole = z.int().nullable();

export const task = z.object({
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
  filesChanged: whole,
  linesChanged: whole,
  tokens: whole,
  costUsd: z.number().nullable(),
  retries: whole,
  expiresAt: instant.nullable(),
});

export const stats = z.object({
  count: z.int(),
  completed: z.int(),
  failed: z.int(),
  abandoned: z.int(),
  running: z.int(),
  successRate: share,
  meanSeconds: share,
  p50Seconds: share,
  p80Seconds: share,
  p90Seconds: share,
  actualToEstimate: share.describe('Median of actual ÷ estimated'),
  trend: share.describe('Median of the latest ÷ median of all; null where it takes several rollups and not `exact`'),
});

export const results = {
  filesChanged: amount,
  linesChanged: amount,
  tokens: z.int().min(0).max(1e15).optional(),
  costUsd: z.number().min(0).max(1e9).optional(),
  retries: amount,
};
export const day = (description: string) =>
  z.iso
    .date()
    .refine((text) => text >= '0001', 'must be a day of the year 1 or later')
    .optional()
    .describe(description);
export const remaining = z.object({ p50Seconds: z.number(), p80Seconds: z.number() }).nullable().describe('What it will still take');
export const importedTask = z
  .strictObject({
    project: z.string().regex(slugPattern),
    id,
    type,
    description: proseField('What was done'),
    status: z.enum(['completed', 'failed']),
    startedAt: instant,
    endedAt: instant,
    durationSeconds: z.number().min(0).max(1e12),
    estimatedSeconds: seconds.nullish(),
    agent: label('Who worked').nullable(),
    model: label('With which model').nullable(),
  })
  .refine(({ startedAt, endedAt }) => Date.parse(startedAt) <= Date.parse(endedAt), {
    path: ['endedAt'],
    error: 'must not be before startedAt',
  })
  // Clocks differ, but not by more than a day.
  .refine(({ endedAt }) => Date.parse(endedAt) <= Date.now() + 86_400_000, { path: ['endedAt'], error: 'must not lie in the future' });
export const list = { project: projectFilter(), type: type.optional(), status: status.optional(), ...page };
export const tasks = z.object({ tasks: z.array(task), nextCursor });
export const lesson = z.object({ id: z.int(), project: z.string(), text: z.string() });

import type { Basis } from './estimate/estimator.js';

export type TaskStatus = 'running' | 'completed' | 'failed' | 'abandoned';

/** What was estimated at a start, in seconds. */
export interface Prediction {
  p10: number;
  p50: number;
  p80: number;
  p90: number;
  basis: Basis;
}

/** A task as it was recorded; durations in seconds. */
export interface Task {
  project: string;
  id: string;
  type: string;
  description: string;
  /** `abandoned`: its agent went away, or its time to live passed. A later completion still counts. */
  status: TaskStatus;
  startedAt: string;
  endedAt: string | null;
  durationSeconds: number | null;
  /** From when it was abandoned until it was started again: not part of its duration. */
  idleSeconds: number;
  /** What the caller promised when it started. */
  estimatedSeconds: number | null;
  agent: string | null;
  model: string | null;
  complexity: string | null;
  parentTaskId: string | null;
  outcome: string | null;
  error: string | null;
  filesChanged: number | null;
  linesChanged: number | null;
  tokens: number | null;
  /** US dollars. */
  costUsd: number | null;
  retries: number | null;
  metadata: Record<string, unknown> | null;
  /** When it counts as abandoned if it still runs. */
  expiresAt: string | null;
  /** What was estimated at its start. */
  prediction: Prediction | null;
}

export interface StartOptions {
  /** `meta` when absent. */
  project?: string | undefined;
  estimatedSeconds?: number | undefined;
  agent?: string | undefined;
  model?: string | undefined;
  complexity?: string | undefined;
  parentTaskId?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** After this many seconds it counts as abandoned. */
  ttlSeconds?: number | undefined;
  /** The session that it ends with: see `abandonSession`. */
  session?: string | undefined;
}

export interface CompleteOptions {
  project?: string | undefined;
  outcome?: string | undefined;
  filesChanged?: number | undefined;
  linesChanged?: number | undefined;
  tokens?: number | undefined;
  costUsd?: number | undefined;
  retries?: number | undefined;
}

export interface TaskFilter {
  project?: string | undefined;
  type?: string | undefined;
  agent?: string | undefined;
  model?: string | undefined;
  status?: TaskStatus | undefined;
  /** At most this many, 1–500; 100 when absent. */
  limit?: number | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** What children of a task took together. */
export interface Children {
  count: number;
  running: number;
  /** Of those that ended, one after the other. */
  sumSeconds: number;
  /** From the first start to the last end. */
  wallSeconds: number;
  /** Sum ÷ wall: how many ran at once on average. */
  efficiency: number | null;
}

export const defaultProject = 'meta';

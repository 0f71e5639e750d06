import { nearest, SupervisorError } from '@supervisor/core';
import { connect, rows, type Database } from '@supervisor/db';
import { and, count, desc, eq, ilike, or, sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { taskMigrations } from './migrations.js';
import { taskExecutions } from './schema.js';

export type TaskStatus = 'running' | 'completed' | 'failed';

/** A task as it was recorded; durations in seconds. */
export interface Task {
  project: string;
  id: string;
  type: string;
  description: string;
  status: TaskStatus;
  startedAt: string;
  endedAt: string | null;
  durationSeconds: number | null;
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
  metadata: Record<string, unknown> | null;
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
}

export interface CompleteOptions {
  project?: string | undefined;
  outcome?: string | undefined;
  filesChanged?: number | undefined;
  linesChanged?: number | undefined;
  tokens?: number | undefined;
}

export interface TaskFilter {
  project?: string | undefined;
  type?: string | undefined;
  status?: TaskStatus | undefined;
  /** At most this many, 1–500; 100 when absent. */
  limit?: number | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

export interface StatsFilter {
  project?: string | undefined;
  type?: string | undefined;
  agent?: string | undefined;
  model?: string | undefined;
}

/** What finished tasks took. Durations are of completed tasks, in seconds; null where there is none. */
export interface Stats {
  count: number;
  completed: number;
  failed: number;
  running: number;
  /** Completed of all that ended, 0–1. */
  successRate: number | null;
  meanSeconds: number | null;
  p50Seconds: number | null;
  p80Seconds: number | null;
  p90Seconds: number | null;
  /** Median of actual ÷ estimated, over completed tasks with an estimate. */
  actualToEstimate: number | null;
}

const defaultProject = 'meta';

/** Records what ran and how long it took. A task is unique by project and id. */
export class TaskTimer {
  readonly #database: () => Promise<Database>;
  readonly #now: () => Date;

  constructor(options: { db?: Database; now?: () => Date } = {}) {
    this.#database = connect(taskMigrations, options.db);
    this.#now = options.now ?? (() => new Date());
  }

  /**
   * Starts the clock. The same start again changes nothing.
   * @throws SupervisorError `conflict` when the id belongs to a task of another type.
   */
  async startTask(id: string, type: string, description: string, options: StartOptions = {}): Promise<Task & { created: boolean }> {
    const { orm } = await this.#database();
    const project = options.project ?? defaultProject;
    const startedAt = this.#now().toISOString();
    const [inserted] = await orm
      .insert(taskExecutions)
      .values({ ...options, project, id, type, description, startedAt })
      .onConflictDoNothing()
      .returning();
    if (inserted) return { ...inserted, created: true };
    const task = await this.getTask(id, { project });
    if (task.type !== type) {
      throw new SupervisorError('conflict', `Task ${id} of ${project} is already there with type ${task.type}. Use another id.`, {
        type: task.type,
        status: task.status,
      });
    }
    return { ...task, created: false };
  }

  /**
   * Stops the clock of a task that succeeded. Completing it again changes nothing.
   * @throws SupervisorError `not_found`, or `conflict` when it has failed.
   */
  completeTask(id: string, options: CompleteOptions = {}): Promise<Task> {
    const { project, ...results } = options;
    return this.#end(id, project ?? defaultProject, 'completed', results);
  }

  /**
   * Stops the clock of a task that did not succeed. Failing it again changes nothing.
   * @throws SupervisorError `not_found`, or `conflict` when it is completed.
   */
  failTask(id: string, error: string, options: CompleteOptions = {}): Promise<Task> {
    const { project, ...results } = options;
    return this.#end(id, project ?? defaultProject, 'failed', { ...results, error });
  }

  /** @throws SupervisorError `not_found`, with running tasks whose ids come near. */
  async getTask(id: string, options: { project?: string | undefined } = {}): Promise<Task> {
    const { orm } = await this.#database();
    const project = options.project ?? defaultProject;
    const [task] = await orm.select().from(taskExecutions).where(keyOf(project, id));
    if (task) return task;
    const running = await this.getRunningTasks({ project });
    const near = nearest(
      id,
      running.map((candidate) => candidate.id),
    );
    const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ' Start it first.';
    throw new SupervisorError('not_found', `${project} has no task ${id}.${hint}`, { near });
  }

  /** Tasks, the last started first. */
  async listTasks(filter: TaskFilter = {}): Promise<{ tasks: Task[]; nextCursor?: string }> {
    return this.#page(filter, undefined);
  }

  /** Tasks whose id, type or description contains the text, the last started first. */
  async searchTasks(text: string, filter: TaskFilter = {}): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    return this.#page(
      filter,
      or(ilike(taskExecutions.description, pattern), ilike(taskExecutions.id, pattern), ilike(taskExecutions.type, pattern)),
    );
  }

  async getRunningTasks(filter: { project?: string | undefined } = {}): Promise<Task[]> {
    const { tasks } = await this.#page({ ...filter, status: 'running', limit: 500 }, undefined);
    return tasks;
  }

  /** Counts and durations of the tasks that match. */
  async getStats(filter: StatsFilter = {}): Promise<Stats> {
    const { orm } = await this.#database();
    const [stats] = await rows<Stats>(orm, statsQuery(sql``, sql``, filter));
    return stats!;
  }

  /** The same for each type of task. */
  async getStatsByType(filter: StatsFilter = {}): Promise<(Stats & { type: string })[]> {
    const { orm } = await this.#database();
    return rows<Stats & { type: string }>(orm, statsQuery(sql`type,`, sql`group by type order by count(*) desc, type limit 100`, filter));
  }

  /** How many tasks each project has, and how many of them run. */
  async countByProject(project?: string): Promise<{ project: string; count: number; running: number }[]> {
    const { orm } = await this.#database();
    const running = sql<number>`(count(*) filter (where ${taskExecutions.status} = 'running'))::int`;
    const chosen = project === undefined ? undefined : eq(taskExecutions.project, project);
    return orm
      .select({ project: taskExecutions.project, count: count(), running })
      .from(taskExecutions)
      .where(chosen)
      .groupBy(taskExecutions.project);
  }

  async #end(id: string, project: string, status: 'completed' | 'failed', results: Record<string, unknown>): Promise<Task> {
    const { orm } = await this.#database();
    const endedAt = this.#now().toISOString();
    const durationSeconds = sql`greatest(0, extract(epoch from ${endedAt}::timestamptz - ${taskExecutions.startedAt})::float8)`;
    const [ended] = await orm
      .update(taskExecutions)
      .set({ ...results, status, endedAt, durationSeconds })
      .where(and(keyOf(project, id), eq(taskExecutions.status, 'running')))
      .returning();
    if (ended) return ended;
    const task = await this.getTask(id, { project });
    if (task.status !== status)
      throw new SupervisorError('conflict', `Task ${id} of ${project} has already ${task.status}. Start another one.`, {
        status: task.status,
      });
    return task;
  }

  async #page(filter: TaskFilter, search: SQL | undefined): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const { orm } = await this.#database();
    const limit = filter.limit ?? 100;
    const tasks: Task[] = await orm
      .select()
      .from(taskExecutions)
      .where(and(...conditions(filter), filter.cursor === undefined ? undefined : after(filter.cursor), search))
      .orderBy(desc(taskExecutions.startedAt), desc(taskExecutions.project), desc(taskExecutions.id))
      .limit(limit);
    const last = tasks.at(-1);
    if (!last || tasks.length < limit) return { tasks };
    return { tasks, nextCursor: Buffer.from(JSON.stringify([last.startedAt, last.project, last.id])).toString('base64url') };
  }
}

function keyOf(project: string, id: string): SQL | undefined {
  return and(eq(taskExecutions.project, project), eq(taskExecutions.id, id));
}

function conditions(filter: StatsFilter & { status?: TaskStatus | undefined }): SQL[] {
  const { project, type, status, agent, model } = filter;
  return Object.entries({ project, type, status, agent, model }).flatMap(([column, value]) =>
    value === undefined ? [] : [eq(taskExecutions[column as 'project'], value)],
  );
}

const storable = z.string().regex(/^[^\0\p{Cs}]*$/u);

function after(cursor: string): SQL {
  try {
    const [startedAt, project, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (z.tuple([z.iso.datetime(), storable, storable]).safeParse([startedAt, project, id]).success) {
      return sql`(${taskExecutions.startedAt}, ${taskExecutions.project}, ${taskExecutions.id}) < (${startedAt}::timestamptz, ${project}, ${id})`;
    }
  } catch {
    // Not a cursor of ours: said below.
  }
  throw new SupervisorError('invalid_input', 'cursor: pass the nextCursor of the last answer.');
}

function statsQuery(columns: SQL, grouping: SQL, filter: StatsFilter): SQL {
  const percentile = (share: number) =>
    sql`percentile_cont(${share}::float8) within group (order by duration_seconds) filter (where status = 'completed')`;
  return sql`select ${columns} count(*)::int as count,
    (count(*) filter (where status = 'completed'))::int as completed,
    (count(*) filter (where status = 'failed'))::int as failed,
    (count(*) filter (where status = 'running'))::int as running,
    (count(*) filter (where status = 'completed'))::float8 / nullif(count(*) filter (where status <> 'running'), 0) as "successRate",
    avg(duration_seconds) filter (where status = 'completed') as "meanSeconds",
    ${percentile(0.5)} as "p50Seconds", ${percentile(0.8)} as "p80Seconds", ${percentile(0.9)} as "p90Seconds",
    percentile_cont(0.5) within group (order by duration_seconds / nullif(estimated_seconds, 0))
      filter (where status = 'completed' and estimated_seconds >= 0.001) as "actualToEstimate"
    from ${taskExecutions} where ${and(sql`true`, ...conditions(filter))} ${grouping}`;
}

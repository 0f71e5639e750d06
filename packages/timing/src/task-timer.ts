import { checkProject, nearest, NotFound, SupervisorError } from '@supervisor/core';
import { connect, type Database } from '@supervisor/db';
import { count, eq, ilike, or, sql } from 'drizzle-orm';
import { adviceOn, type Advice } from './advice.js';
import { abandonTasks, endTask, expired, ofOtherSessions, ofSession, pruneTasks, takeUp } from './endings.js';
import { estimate, estimateRemaining, fewestTasks, scopes, type Features } from './estimate/estimator.js';
import { taskMigrations } from './migrations.js';
import { levelsOf, readExperiences, readTypes, trailingCoverage } from './rollup-book.js';
import { importTasks, type ImportedTask } from './import.js';
import { estimateKeys } from './rollup-keys.js';
import { taskExecutions } from './schema.js';
import { readStats, type GroupBy, type GroupedStats, type StatsFilter } from './stats-queries.js';
import { Bins, noTally, statsOf, type Stats } from './stats.js';
import { keyOf, readChildren, readPage } from './task-queries.js';
import {
  defaultProject,
  type Children,
  type CompleteOptions,
  type Prediction,
  type StartOptions,
  type Task,
  type TaskFilter,
} from './task.js';

/** Records what ran and how long it took. A task is unique by project and id. */
export class TaskTimer {
  readonly #database: () => Promise<Database>;
  readonly #now: () => Date;

  constructor(options: { db?: Database; now?: () => Date } = {}) {
    this.#database = connect(taskMigrations, options.db);
    this.#now = options.now ?? (() => new Date());
  }

  /**
   * Starts the clock, and says how long such tasks take. Starting one again that is not over takes it up: it is this session's from now
   * on, its time to live begins anew, and where it was abandoned it runs again.
   * @throws SupervisorError `conflict` when the id belongs to a task of another type, or to one that is over.
   */
  async startTask(
    id: string,
    type: string,
    description: string,
    options: StartOptions = {},
  ): Promise<Task & { created: boolean; estimate: string }> {
    const { orm } = await this.#database();
    const { ttlSeconds, ...rest } = options;
    const project = options.project ?? defaultProject;
    checkProject(project);
    const { advice, prediction } = await this.#advise({ ...rest, project, type });
    const now = this.#now();
    const startedAt = now.toISOString();
    const expiresAt = ttlSeconds === undefined ? null : new Date(now.getTime() + ttlSeconds * 1000).toISOString();
    const [inserted] = await orm
      .insert(taskExecutions)
      .values({ ...rest, project, id, type, description, startedAt, expiresAt, prediction })
      .onConflictDoNothing()
      .returning();
    if (inserted) return { ...inserted, created: true, estimate: advice.sentence };
    const taken = await takeUp(orm, { project, id, type }, { session: rest.session ?? null, expiresAt, now: startedAt });
    if (taken) return { ...taken, created: false, estimate: advice.sentence };
    const task = await this.getTask(id, { project });
    if (task.type !== type) {
      throw new SupervisorError('conflict', `Task ${id} of ${project} is already there with type ${task.type}. Use another id.`, {
        type: task.type,
        status: task.status,
      });
    }
    throw new SupervisorError('conflict', `Task ${id} of ${project} is over (${task.status}), so no clock runs. Use another id.`, {
      status: task.status,
      endedAt: task.endedAt,
    });
  }

  /** How long such a task takes, from all that were completed before. Where too little is known it says so. */
  async estimateTask(task: Omit<Features, 'project'> & { project?: string | undefined }): Promise<Advice> {
    const { advice } = await this.#advise({ ...task, project: task.project ?? defaultProject });
    return advice;
  }

  /** What a running task will still take, in seconds; null when too little is known or hardly any took as long. */
  async getRemaining(task: Task): Promise<{ p50: number; p80: number } | null> {
    if (task.status !== 'running') return null;
    const { orm } = await this.#database();
    const { experiences, ofType } = await readExperiences(orm, estimateKeys(task));
    const elapsed = Math.max(0, (this.#now().getTime() - Date.parse(task.startedAt)) / 1000 - task.idleSeconds);
    return estimateRemaining(task, elapsed, experiences, levelsOf(ofType));
  }

  /** What the children of a task took, one by one and side by side; null when it has none. */
  async getChildren(id: string, options: { project?: string | undefined } = {}): Promise<Children | null> {
    const { orm } = await this.#database();
    return readChildren(orm, options.project ?? defaultProject, id);
  }

  /**
   * Stops the clock of a task that succeeded. Completing it again changes nothing.
   * @throws SupervisorError `not_found`, or `conflict` when it has failed. One that was abandoned is completed after all.
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

  /**
   * Adds tasks that are over, at most some hundred in one call, and learns from them in the order of their end. Those that are
   * already there stay as they are.
   */
  async importTasks(tasks: readonly ImportedTask[]): Promise<{ imported: number; known: number }> {
    const { orm } = await this.#database();
    return importTasks(orm, tasks);
  }

  /**
   * Deletes tasks that ended more than so many days ago. The rollups keep what they came to: statistics and estimates stay.
   * @returns how many
   */
  async pruneTasks(olderThanDays: number, filter: { project?: string | undefined } = {}): Promise<number> {
    const { orm } = await this.#database();
    const before = new Date(this.#now().getTime() - olderThanDays * 86_400_000).toISOString();
    return pruneTasks(orm, before, filter.project);
  }

  /** Marks the running tasks whose time to live has passed as abandoned. @returns how many */
  async abandonExpired(): Promise<number> {
    const { orm } = await this.#database();
    const now = this.#now().toISOString();
    return abandonTasks(orm, expired(now), now);
  }

  /** Marks the tasks that this session started and that still run as abandoned: its agent is gone. @returns how many */
  async abandonSession(session: string): Promise<number> {
    const { orm } = await this.#database();
    return abandonTasks(orm, ofSession(session), this.#now().toISOString());
  }

  /**
   * Marks what sessions started before and that still runs as abandoned, except of those that have come back: their agents ended while
   * nobody looked. @returns how many
   */
  async abandonLost(startedBefore: Date, back: readonly string[]): Promise<number> {
    const { orm } = await this.#database();
    return abandonTasks(orm, ofOtherSessions(back, startedBefore.toISOString()), this.#now().toISOString());
  }

  /** @throws SupervisorError `not_found`, with running tasks whose ids come near. */
  async getTask(id: string, options: { project?: string | undefined } = {}): Promise<Task> {
    const { orm } = await this.#database();
    const project = options.project ?? defaultProject;
    const [task] = await orm.select().from(taskExecutions).where(keyOf(project, id));
    if (task) return task;
    const running = await this.getRunningTasks({ project });
    const ids = running.map((candidate) => candidate.id);
    throw new NotFound(`${project} has no task ${id}.`, id, ids, 'Start it first.');
  }

  /** Tasks, the last started first. */
  async listTasks(filter: TaskFilter = {}): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const { orm } = await this.#database();
    return readPage(orm, filter, undefined, filter.limit ?? 100);
  }

  /** Tasks whose id, type or description contains the text, the last started first. */
  async searchTasks(text: string, filter: TaskFilter = {}): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    const { orm } = await this.#database();
    return readPage(
      orm,
      filter,
      or(ilike(taskExecutions.description, pattern), ilike(taskExecutions.id, pattern), ilike(taskExecutions.type, pattern)),
      filter.limit ?? 100,
    );
  }

  async getRunningTasks(filter: { project?: string | undefined } = {}): Promise<Task[]> {
    const { tasks } = await this.listTasks({ ...filter, status: 'running', limit: 500 });
    return tasks;
  }

  /**
   * Counts and durations of the tasks that match.
   * @throws SupervisorError `too_large`, with what to narrow, when no rollup answers and too many tasks match
   */
  async getStats(filter: StatsFilter = {}): Promise<Stats> {
    const { orm } = await this.#database();
    const [stats] = await readStats(orm, filter, undefined);
    if (!stats) return statsOf(noTally());
    const { key: _, ...rest } = stats;
    return rest;
  }

  /** The same for each project, type, agent, model or day, at most 100, the largest or latest first. */
  async getStatsBy(by: GroupBy, filter: StatsFilter = {}): Promise<GroupedStats[]> {
    const { orm } = await this.#database();
    return readStats(orm, filter, by);
  }

  /** The same for each type of task. */
  async getStatsByType(filter: StatsFilter = {}): Promise<(Stats & { type: string })[]> {
    const groups = await this.getStatsBy('type', filter);
    return groups.map(({ key, ...stats }) => ({ type: key, ...stats }));
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

  async #advise(task: Features): Promise<{ advice: Advice; prediction: Prediction | null }> {
    const { orm } = await this.#database();
    const { experiences, all, ofType } = await readExperiences(orm, estimateKeys(task));
    const found = estimate(task, experiences, levelsOf(ofType));
    const ratios = new Bins();
    const such = found && task.estimatedSeconds != null ? experiences[scopes.indexOf(found.scope)]!.ratios : null;
    if (such && such.count >= fewestTasks) ratios.add(such.bins);
    // Only of its own project: what others call their work is theirs.
    const near = found?.ofType === 0 ? nearest(task.type, await readTypes(orm, task.project)) : [];
    const advice = adviceOn(task, found, all?.completed ?? 0, trailingCoverage(all, ofType), ratios.percentile(0.5), near);
    if (!found) return { advice, prediction: null };
    const { p10, p50, p80, p90, basis } = found;
    return { advice, prediction: { p10, p50, p80, p90, basis } };
  }

  async #end(id: string, project: string, status: 'completed' | 'failed', results: Record<string, unknown>): Promise<Task> {
    const { orm } = await this.#database();
    const ended = await endTask(orm, project, id, { status, endedAt: this.#now().toISOString(), results });
    if (ended) return ended;
    const task = await this.getTask(id, { project });
    if (task.status !== status)
      throw new SupervisorError('conflict', `Task ${id} of ${project} has already ${task.status}. Start another one.`, {
        status: task.status,
      });
    return task;
  }
}

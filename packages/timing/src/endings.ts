import type { Orm } from '@supervisor/db';
import { and, asc, eq, inArray, isNotNull, lt, lte, notInArray, sql, type SQL } from 'drizzle-orm';
import { countEndings, type Ending } from './rollup-book.js';
import { prunedTasks, taskExecutions } from './schema.js';
import { keyOf } from './task-queries.js';
import type { Task } from './task.js';

/** How a task ends, and what came of it. */
export interface Outcome {
  status: 'completed' | 'failed';
  endedAt: string;
  results: Record<string, unknown>;
}

/**
 * Ends a task that runs or was abandoned, and counts it, all or nothing.
 * @returns undefined when there is no such task or it has ended otherwise
 */
export function endTask(orm: Orm, project: string, id: string, { status, endedAt, results }: Outcome): Promise<Task | undefined> {
  return orm.transaction(async (tx) => {
    const [before] = await tx.select().from(taskExecutions).where(keyOf(project, id)).for('update');
    if (!before || (before.status !== 'running' && before.status !== 'abandoned')) return undefined;
    const took = (Date.parse(endedAt) - Date.parse(before.startedAt)) / 1000 - before.idleSeconds;
    // The clock was set back meanwhile: how long it took is not known, and nothing is learned of it.
    const durationSeconds = took < 0 ? null : took;
    const [ended] = await tx
      .update(taskExecutions)
      .set({ ...results, status, endedAt, durationSeconds })
      .where(keyOf(project, id))
      .returning();
    const abandonedAt = before.status === 'abandoned' ? before.endedAt! : undefined;
    await countEndings(tx, [{ ...ended!, status, endedAt, abandonedAt }]);
    return ended!;
  });
}

/**
 * Whoever starts a task again that runs or was abandoned has it from now on. The time in which nobody worked on it does not count.
 * @returns undefined when there is no such task of the type that is not over
 */
export function takeUp(
  orm: Orm,
  { project, id, type }: Pick<Task, 'project' | 'id' | 'type'>,
  { session, expiresAt, now }: { session: string | null; expiresAt: string | null; now: string },
): Promise<Task | undefined> {
  return orm.transaction(async (tx) => {
    const ofType = and(keyOf(project, id), eq(taskExecutions.type, type), inArray(taskExecutions.status, ['running', 'abandoned']));
    const [before] = await tx.select().from(taskExecutions).where(ofType).for('update');
    if (!before) return undefined;
    const abandonedAt = before.status === 'abandoned' ? before.endedAt! : now;
    const idleSeconds = before.idleSeconds + Math.max(0, Date.parse(now) - Date.parse(abandonedAt)) / 1000;
    const [task] = await tx
      .update(taskExecutions)
      .set({ status: 'running', endedAt: null, session, expiresAt, idleSeconds })
      .where(keyOf(project, id))
      .returning();
    if (before.status === 'abandoned') await countEndings(tx, [{ ...before, status: 'running', endedAt: abandonedAt, abandonedAt }]);
    return task!;
  });
}

// One embedded statement stays short, and so does what one transaction holds.
const batchSize = 100;
const pruneBatch = 1000;

/** Marks running tasks as abandoned, those that match. Another sweeper's are left to it. @returns how many */
export async function abandonTasks(orm: Orm, which: SQL, endedAt: string): Promise<number> {
  for (let total = 0; ;) {
    const count = await orm.transaction(async (tx) => {
      const found = await tx
        .select({ project: taskExecutions.project, id: taskExecutions.id })
        .from(taskExecutions)
        .where(and(eq(taskExecutions.status, 'running'), which))
        .orderBy(asc(taskExecutions.project), asc(taskExecutions.id))
        .limit(batchSize)
        .for('update', { skipLocked: true });
      if (found.length === 0) return 0;
      const keys = sql.join(
        found.map(({ project, id }) => sql`(${project}, ${id})`),
        sql`, `,
      );
      const abandoned = await tx
        .update(taskExecutions)
        .set({ status: 'abandoned', endedAt })
        .where(sql`(${taskExecutions.project}, ${taskExecutions.id}) in (${keys})`)
        .returning();
      const endings = abandoned.map((task): Ending => ({ ...task, status: 'abandoned', endedAt }));
      await countEndings(tx, endings);
      return abandoned.length;
    });
    total += count;
    if (count < batchSize) return total;
  }
}

/** Deletes tasks that ended before. What they came to stays in the rollups. @returns how many */
export async function pruneTasks(orm: Orm, before: string, project: string | undefined): Promise<number> {
  const chosen = project === undefined ? undefined : eq(taskExecutions.project, project);
  for (let total = 0; ;) {
    const oldest = orm
      .select({ row: sql`ctid` })
      .from(taskExecutions)
      .where(and(lt(taskExecutions.endedAt, before), chosen))
      .limit(pruneBatch);
    const deleted = await orm.transaction(async (tx) => {
      const { project: of, id } = taskExecutions;
      const gone = await tx
        .delete(taskExecutions)
        .where(inArray(sql`ctid`, oldest))
        .returning({ project: of, id });
      if (gone.length > 0) await tx.insert(prunedTasks).values(gone).onConflictDoNothing();
      return gone;
    });
    total += deleted.length;
    if (deleted.length < pruneBatch) return total;
  }
}

/** Those whose time to live has passed. */
export function expired(now: string): SQL {
  return lte(taskExecutions.expiresAt, now);
}

/** Those that a session started before, other than these. */
export function ofOtherSessions(sessions: readonly string[], before: string): SQL {
  return and(isNotNull(taskExecutions.session), lt(taskExecutions.startedAt, before), notInArray(taskExecutions.session, [...sessions]))!;
}

/** Those that an agent's session started. */
export function ofSession(session: string): SQL {
  return eq(taskExecutions.session, session);
}

import { badCursor, cutPage } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { and, desc, eq, sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { taskExecutions } from './schema.js';
import { conditions } from './stats-queries.js';
import type { Children, Task, TaskFilter } from './task.js';

export function keyOf(project: string, id: string): SQL | undefined {
  return and(eq(taskExecutions.project, project), eq(taskExecutions.id, id));
}

/** A page of the tasks that match, the last started first. */
export async function readPage(
  orm: Orm,
  filter: TaskFilter,
  search: SQL | undefined,
  limit: number,
): Promise<{ tasks: Task[]; nextCursor?: string }> {
  const found: Task[] = await orm
    .select()
    .from(taskExecutions)
    .where(and(...conditions(filter), filter.cursor === undefined ? undefined : after(filter.cursor), search))
    .orderBy(desc(taskExecutions.startedAt), desc(taskExecutions.project), desc(taskExecutions.id))
    .limit(limit + 1);
  const { rows: tasks, ...next } = cutPage(found, limit, ({ startedAt, project, id }) =>
    Buffer.from(JSON.stringify([startedAt, project, id])).toString('base64url'),
  );
  return { tasks, ...next };
}

/** What the children of a task took; null when it has none. */
export async function readChildren(orm: Orm, project: string, id: string): Promise<Children | null> {
  const [found] = await rows<Children>(
    orm,
    sql`select count(*)::int as count, (count(*) filter (where status = 'running'))::int as running,
      coalesce(sum(duration_seconds), 0) as "sumSeconds",
      coalesce(extract(epoch from max(ended_at) filter (where duration_seconds is not null)
        - min(started_at) filter (where duration_seconds is not null)), 0)::float8 as "wallSeconds", null as efficiency
      from ${taskExecutions} where ${taskExecutions.project} = ${project} and ${taskExecutions.parentTaskId} = ${id}`,
  );
  if (!found || found.count === 0) return null;
  return { ...found, efficiency: found.wallSeconds > 0 ? found.sumSeconds / found.wallSeconds : null };
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
  throw badCursor();
}

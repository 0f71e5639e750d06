import type { Orm } from '@supervisor/db';
import { countEndings, type Ending } from './rollup-book.js';
import { taskExecutions } from './schema.js';

/** A task that is over, from elsewhere. Durations in seconds. */
export interface ImportedTask {
  project: string;
  id: string;
  type: string;
  description: string;
  status: 'completed' | 'failed';
  startedAt: string;
  endedAt: string;
  durationSeconds: number;
  estimatedSeconds?: number | null | undefined;
  agent?: string | null | undefined;
  model?: string | null | undefined;
}

/** Adds them all or none; each is counted when it is new. */
export function importTasks(orm: Orm, tasks: readonly ImportedTask[]): Promise<{ imported: number; known: number }> {
  return orm.transaction(async (tx) => {
    const added = await tx
      .insert(taskExecutions)
      .values(tasks.map((task) => ({ ...task })))
      .onConflictDoNothing()
      .returning();
    const endings = added
      .map((task): Ending => ({ ...task, status: task.status as ImportedTask['status'], endedAt: task.endedAt! }))
      .toSorted((a, b) => Date.parse(a.endedAt) - Date.parse(b.endedAt));
    await countEndings(tx as unknown as Orm, endings);
    return { imported: added.length, known: tasks.length - added.length };
  });
}

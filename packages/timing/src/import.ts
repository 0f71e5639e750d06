import { rows, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { countEndings, type Ending } from './rollup-book.js';
import { prunedTasks, taskExecutions } from './schema.js';

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
export function importTasks(orm: Orm, given: readonly ImportedTask[]): Promise<{ imported: number; known: number }> {
  // In one order everywhere: two imports of the same tasks wait for each other instead of deadlocking.
  const tasks = given.map(inMilliseconds).toSorted((a, b) => (keyText(a) < keyText(b) ? -1 : keyText(a) > keyText(b) ? 1 : 0));
  return orm.transaction(async (tx) => {
    const added = await rows<{ project: string; id: string }>(
      tx,
      sql`insert into ${taskExecutions} (project, id, type, description, status, started_at, ended_at, duration_seconds, estimated_seconds, agent, model)
        select project, id, type, description, status, "startedAt", "endedAt", "durationSeconds", "estimatedSeconds", agent, model
        from json_to_recordset(${JSON.stringify(tasks)}::json) as task(project text, id text, type text, description text, status text,
          "startedAt" timestamptz, "endedAt" timestamptz, "durationSeconds" float8, "estimatedSeconds" float8, agent text, model text)
        where not exists (select 1 from ${prunedTasks} as pruned where pruned.project = task.project and pruned.id = task.id)
        on conflict do nothing returning project, id`,
    );
    const isNew = new Set(added.map(keyText));
    // Of two with one key in the call, the database took the first.
    const fresh = tasks.filter((task) => isNew.delete(keyText(task)));
    const endings = fresh.map((task): Ending => ({ ...task, prediction: null }));
    await countEndings(
      tx,
      endings.toSorted((a, b) => Date.parse(a.endedAt) - Date.parse(b.endedAt)),
    );
    return { imported: added.length, known: tasks.length - added.length };
  });
}

// As every answer has it: a cursor made of one would leave tasks out that began within the same millisecond.
function inMilliseconds(task: ImportedTask): ImportedTask {
  return { ...task, startedAt: new Date(task.startedAt).toISOString(), endedAt: new Date(task.endedAt).toISOString() };
}

function keyText({ project, id }: { project: string; id: string }): string {
  return JSON.stringify([project, id]);
}

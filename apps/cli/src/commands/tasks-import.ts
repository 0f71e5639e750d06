import { SupervisorError } from '@supervisor/core/errors';
import type { HistoryTask } from '@supervisor/supervisor/estimate';
import type { Caller } from '../caller.js';
import { readTranscripts, transcriptsFolder } from '../claude-code.js';
import { readHistory } from '../history.js';
import { parseFlags, UsageError } from '../input.js';
import { idOf, nameOf, slugOf } from '../names.js';

export const usage = `Usage: supervisor tasks import FILE.jsonl [--yes]
   or: supervisor tasks import --from claude-code [--yes]

Adds tasks that are over, so that the first estimates come at once. Says first what it would add; adds it with --yes.
What is already there stays as it is. The lines of a file are those of supervisor tasks export or tasks replay.

  --from claude-code  this machine's transcripts (~/.claude/projects): each request from its time to that of the last
                      thing done for it. Times, kinds, ids and folders of the lines; never what was written.
  --yes               add them

Example: supervisor tasks import --from claude-code
`;

const batchSize = 100;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { from: { type: 'string' }, yes: { type: 'boolean' } }, 1);
  const [file] = positionals;
  const from = values.from as string | undefined;
  if (from !== undefined && from !== 'claude-code') throw new UsageError(`There is no --from ${from}; there is claude-code.`);
  if ((file === undefined) === (from === undefined)) throw new UsageError('Name a FILE, or --from claude-code.');
  const { tasks, bad } =
    file === undefined ? { tasks: [...readTranscripts(transcriptsFolder())], bad: 0 } : await readHistory(file, () => {});
  const over = tasks.filter(({ status }) => status === 'completed' || status === 'failed').toSorted((a, b) => a.end - b.end);
  if (over.length === 0 && bad > 0) throw new SupervisorError('invalid_input', `${file} has no task that can be added.`);
  process.stdout.write(summary(over));
  if (over.length === 0) return;
  if (values.yes !== true) return void process.stdout.write('Nothing was added. The same with --yes adds them.\n');
  let imported = 0;
  for (let index = 0; index < over.length; index += batchSize) {
    const batch = over.slice(index, index + batchSize).map(storable);
    imported += ((await caller.call('record_tasks', { tasks: batch })) as { imported: number }).imported;
  }
  process.stdout.write(`${imported} were added; ${over.length - imported} were there before.\n`);
}

function summary(tasks: readonly HistoryTask[]): string {
  const [first, last] = [tasks[0], tasks.at(-1)];
  if (!first || !last) return 'There is no task to add.\n';
  const kinds = new Map<string, number>();
  for (const { project, type } of tasks) kinds.set(`${project} ${type}`, (kinds.get(`${project} ${type}`) ?? 0) + 1);
  const rows = [...kinds].toSorted((a, b) => b[1] - a[1]).slice(0, 20);
  const days = [first, last].map(({ end }) => new Date(end).toISOString().slice(0, 10));
  return `${tasks.length} tasks that ended from ${days[0]} to ${days[1]}:\n${rows.map(([kind, count]) => `  ${String(count).padStart(6)}  ${kind}\n`).join('')}`;
}

function storable(task: HistoryTask): object {
  return {
    project: slugOf(task.project),
    id: idOf(task.id, 200),
    type: nameOf(task.type, 100),
    // Not in the middle of a character.
    description: task.description.slice(0, 2000).replace(/[\ud800-\udbff]$/, ''),
    status: task.status,
    startedAt: new Date(task.start).toISOString(),
    endedAt: new Date(task.end).toISOString(),
    durationSeconds: task.actualSeconds,
    estimatedSeconds: task.estimatedSeconds ?? null,
    agent: task.agent == null ? null : nameOf(task.agent, 100),
    model: task.model == null ? null : nameOf(task.model, 100),
  };
}

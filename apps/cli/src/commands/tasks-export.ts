import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor tasks export [--project PROJECT] > FILE.jsonl

Writes all tasks, a line each, the last started first. supervisor tasks import and tasks replay read them.

Example: supervisor tasks export | supervisor tasks replay -
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { project } = parseFlags(words, { project: { type: 'string' } }).values;
  for await (const { tasks } of caller.pages('list_tasks', { project, limit: 500 }))
    for (const task of tasks) process.stdout.write(`${JSON.stringify(task)}\n`);
}

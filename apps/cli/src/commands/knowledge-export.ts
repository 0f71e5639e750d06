import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor knowledge export [--project SLUG]

Writes what was learned to stdout, one entry as JSON a line. Ingested files stay out: they are their own original.

Example: supervisor knowledge export > lessons.jsonl
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { project } = parseFlags(words, { project: { type: 'string' } }).values;
  for await (const { entries } of caller.pages('export_knowledge', { project }))
    for (const entry of entries) process.stdout.write(`${JSON.stringify(entry)}\n`);
}

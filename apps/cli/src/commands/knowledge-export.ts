import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor knowledge export [--project SLUG]

Writes what was learned to stdout, one entry as JSON a line. Ingested files stay out: they are their own original.

Example: supervisor knowledge export > lessons.jsonl
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { project } = parseFlags(words, { project: { type: 'string' }, json: { type: 'boolean' } }).values;
  let cursor: string | undefined;
  do {
    const page = await caller.call('export_knowledge', { ...(project === undefined ? {} : { project }), ...(cursor ? { cursor } : {}) });
    for (const entry of page.entries) process.stdout.write(`${JSON.stringify(entry)}\n`);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

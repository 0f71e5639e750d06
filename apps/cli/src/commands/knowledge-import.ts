import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';
import { jsonLines } from '../json-lines.js';

export const usage = `Usage: supervisor knowledge import [FILE] [--json]

Stores what supervisor knowledge export wrote, from FILE or stdin. What is there already is left as it is: repeating it changes nothing.

Example: supervisor knowledge import lessons.jsonl
`;

const linesAtOnce = 50;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { json: { type: 'boolean' } }, 1);
  const [file = '-'] = positionals;
  const done = { added: 0, unchanged: 0, redactions: 0 };
  let batch: unknown[] = [];
  const send = async () => {
    const answer = await caller.call('import_knowledge', { entries: batch });
    for (const what of ['added', 'unchanged', 'redactions'] as const) done[what] += answer[what];
    batch = [];
  };
  for await (const entry of jsonLines(file)) {
    batch.push(entry);
    if (batch.length === linesAtOnce) await send();
  }
  if (batch.length > 0) await send();
  console.log(values.json ? JSON.stringify(done) : `${done.added} added, ${done.unchanged} there already.`);
}

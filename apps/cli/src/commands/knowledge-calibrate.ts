import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';
import { jsonLines } from '../json-lines.js';
import { confirm } from '../prompt.js';

export const usage = `Usage: supervisor knowledge calibrate FILE [--json]

Measures, by questions of your own, what vectors should count beside words, and keeps it: 0 where they do not help for sure. For a person
on a terminal: the questions are sent to the configured model. FILE holds 20 to 500 lines of JSON, each a question and what answers it:
  {"query": "why do signatures fail?", "id": 12}               an entry, by its id
  {"query": "how do we roll back?", "source": "docs/deploy.md"}  a file, by its path inside its root

Example: supervisor knowledge calibrate questions.jsonl
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { json: { type: 'boolean' } }, 1);
  if (positionals[0] === undefined) throw new UsageError('Missing: FILE');
  const pairs: unknown[] = [];
  for await (const pair of jsonLines(positionals[0])) pairs.push(pair);
  await confirm(`${pairs.length} questions are sent to the model, and the weight of vectors changes. Go on?`);
  const answer = await caller.call('calibrate_embedder', { pairs });
  if (values.json) return console.log(JSON.stringify(answer));
  const { weight, lexical, hybrid, low, high } = answer;
  console.log(`nDCG@10 by words ${lexical.toFixed(3)}, with vectors ${hybrid.toFixed(3)} (gain ${low.toFixed(3)} to ${high.toFixed(3)}).`);
  console.log(`A cosine of 1 now counts ${weight}${weight === 0 ? ': only words are asked' : ''}.`);
}

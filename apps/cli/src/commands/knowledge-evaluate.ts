import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Evaluation } from '@supervisor/supervisor/evaluate';
import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';

export const usage = `Usage: supervisor knowledge evaluate DIR [OPTIONS]

Measures retrieval on a collection, in a database in memory; nothing of your home is read or changed. DIR holds
  corpus.jsonl    {"id", "title", "text", "project"?} a line
  queries.jsonl   {"id", "text", "project"?} a line
  qrels.tsv       question, document and grade a line; a header may stand above
Each figure is a mean with the interval that holds it in 95 of 100 resamplings of the questions.

  --against FILE   an earlier --json output: the difference, question by question
  --json           for machines, with the ranking of every question

Example: supervisor knowledge evaluate packages/knowledge/collection
`;

const measures = ['ndcg10', 'recall10', 'mrr'] as const;
const names = { ndcg10: 'nDCG@10', recall10: 'recall@10', mrr: 'MRR' };

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { against: { type: 'string' }, json: { type: 'boolean' } }, 1);
  if (positionals[0] === undefined) throw new UsageError('Missing: DIR');
  const earlier = values.against === undefined ? undefined : readEarlier(resolve(caller.directory, values.against));
  const { evaluateDirectory, pairedInterval } = await import('@supervisor/supervisor/evaluate');
  const result = await evaluateDirectory(resolve(caller.directory, positionals[0]), { progress: sayProgress() });
  if (values.json) return console.log(JSON.stringify(result));
  const { documents, questions, ingestSeconds, searchMilliseconds: times } = result;
  console.log(`${documents} documents in ${ingestSeconds} s, ${questions} questions at ${times.p50} ms (p95 ${times.p95} ms)`);
  for (const measure of measures) {
    const { mean, low, high } = result[measure];
    const difference = earlier && pairedInterval(...paired(result, earlier, measure));
    const change = difference ? `   ${signed(difference.mean)} (${signed(difference.low)} to ${signed(difference.high)}) against it` : '';
    console.log(`${names[measure].padEnd(9)}  ${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})${change}`);
  }
}

function readEarlier(path: string): Evaluation {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Evaluation;
  } catch {
    throw new UsageError(`${path} is no output of supervisor knowledge evaluate --json.`);
  }
}

// Questions that both have been asked.
function paired(ours: Evaluation, theirs: Evaluation, measure: (typeof measures)[number]): [number[], number[]] {
  const known = new Map(theirs.each.map((question) => [question.id, question[measure]]));
  const both = ours.each.filter(({ id }) => known.has(id));
  if (both.length === 0) throw new UsageError('The earlier output has none of these questions.');
  return [both.map((question) => question[measure]), both.map(({ id }) => known.get(id)!)];
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
}

function sayProgress(): (done: number, total: number, what: string) => void {
  let said = 0;
  return (done, total, what) => {
    if (done < total && Date.now() - said < 2000) return;
    said = Date.now();
    process.stderr.write(`${done} of ${total} ${what}\n`);
  };
}

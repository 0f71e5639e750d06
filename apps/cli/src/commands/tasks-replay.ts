import { SupervisorError } from '@supervisor/core/errors';
import { replay, score, type HistoryTask, type Replayed, type Score } from '@supervisor/supervisor/estimate';
import { readHistory } from '../history.js';
import { parseFlags, UsageError } from '../input.js';

export const usage = `Usage: supervisor tasks replay FILE.jsonl [--json]

Says how well estimates would have held on a history: each task is estimated at its start, from those alone that
ended before it, and the estimates are scored. Nothing is stored, no service is asked. FILE - is stdin.

A line is a task: {"id", "project", "type", "person" or "agent", "model", "description", "start", "end",
"estimateSeconds", "actualSeconds"}. Only start, and end or actualSeconds, are needed.

  --json  a line for each task (p10, p50, p80, p90 in seconds; null while too little was known), then one with the summary

Example: supervisor tasks replay history.jsonl
`;

export async function run(words: string[]): Promise<void> {
  const { values, positionals } = parseFlags(words, { json: { type: 'boolean' } }, 1);
  const [file] = positionals;
  if (file === undefined) throw new UsageError('Missing: FILE');
  const progress = sayer();
  const { tasks, bad } = await readHistory(file, progress);
  const completed = tasks.filter(({ status }) => status === 'completed');
  if (completed.length === 0) throw new SupervisorError('invalid_input', `${file} has no task that was completed.`);
  const started = performance.now();
  const replayed: Replayed<HistoryTask>[] = [];
  for (const row of replay(completed)) {
    replayed.push(row);
    progress(`${replayed.length} of ${completed.length} tasks replayed`);
  }
  const seconds = Math.round(performance.now() - started) / 1000;
  const result = score(replayed);
  if (!values.json) return void process.stdout.write(describe(completed.length, bad, result, seconds));
  const lines = replayed.map((row) => JSON.stringify(prediction(row)));
  process.stdout.write(
    `${lines.join('\n')}\n${JSON.stringify({ summary: { tasks: completed.length, skipped: bad, seconds, ...result } })}\n`,
  );
}

function prediction({ task, estimate, typeMedian }: Replayed<HistoryTask>): object {
  const { id, project, type, actualSeconds } = task;
  const { p10 = null, p50 = null, p80 = null, p90 = null, basis = null, scope = null, count = 0 } = estimate ?? {};
  const held = estimate ? estimate.p10 <= actualSeconds && actualSeconds <= estimate.p90 : null;
  return { id, project, type, actualSeconds, p10, p50, p80, p90, held, typeMedian, scope, basis, count };
}

function describe(tasks: number, bad: number, result: Score | null, seconds: number): string {
  const skipped = bad > 0 ? `; ${bad} lines were skipped` : '';
  if (!result) return `${tasks} tasks are too few for an estimate${skipped}.\n`;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const less = (ours: number, theirs: number) => `${(ours / theirs || 0).toFixed(3)} of the type median's`;
  const { pinball: half, pinballAll: all } = result;
  return `tasks              ${tasks}, estimated ${result.count}${skipped}
80 % intervals     held ${percent(result.coverage)}
in each tenth      ${result.tenths.map(percent).join('  ')}
pinball loss 50 %  ${half.p50.toFixed(1)} s, ${less(half.p50, half.typeMedian)} ${half.typeMedian.toFixed(1)} s
10, 50, 80, 90 %   ${all.estimates.toFixed(1)} s, ${less(all.estimates, all.typeMedian)} ${all.typeMedian.toFixed(1)} s
time               ${seconds.toFixed(1)} s
`;
}

// Short histories are over before anyone asks.
function sayer(): (text: string) => void {
  let last = performance.now();
  return (text) => {
    if (performance.now() - last < 1000) return;
    last = performance.now();
    process.stderr.write(`${text}\n`);
  };
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../harness.mjs';
import { stream } from './streams.mjs';

/** The command as anyone runs it on a history of their own. */
export const replayCheck = {
  name: 'timing-replay',
  goal: 'supervisor tasks replay of 60,000 tasks in < 60 s, 78–82 % held',
  sizes: { tasks: 60_000 },
  async run(stage, { seed, sizes }) {
    const file = join(stage.folder(), 'history.jsonl');
    const lines = stream('everything', seed, sizes.tasks).map(({ start, end, agent, estimatedSeconds, ...task }) =>
      JSON.stringify({ ...task, person: agent, start: time(start), end: time(end), estimateSeconds: estimatedSeconds }),
    );
    writeFileSync(file, `${lines.join('\n')}\n`);
    const started = performance.now();
    const child = stage.spawn([join(checkout, 'apps/cli/dist/main.cjs'), 'tasks', 'replay', file, '--json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    const seconds = (performance.now() - started) / 1000;
    const rows = output.trim().split('\n');
    const { summary } = JSON.parse(rows.at(-1) || '{}');
    const holds = code === 0 && rows.length === sizes.tasks + 1 && seconds < 60 && summary.coverage >= 0.78 && summary.coverage <= 0.82;
    return { holds, figure: `${seconds.toFixed(1)} s, held ${((summary?.coverage ?? 0) * 100).toFixed(1)} %` };
  },
};

// Beyond the year 9999 there is no ISO text that all read.
function time(milliseconds) {
  return new Date(Math.min(milliseconds, 253_402_300_799_000)).toISOString();
}

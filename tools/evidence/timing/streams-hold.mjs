import { pinball, replay, score } from '@supervisor/timing/estimate';
import { stream, streams } from './streams.mjs';

/** Estimates on histories that are each hard in their own way. */
export const streamsCheck = {
  name: 'timing-streams',
  goal: '80 % intervals hold 78–82 %, every tenth ≥ 70 %, pinball loss at 50 % and over all levels ≤ the type median’s',
  sizes: { streams: Object.keys(streams).length, tasksEach: 20_000 },
  async run(stage, { seed, sizes }) {
    const problems = [];
    const coverages = [];
    const worst = { tenth: 1, p50: 0, all: 0 };
    for (const name of Object.keys(streams)) {
      const rows = [...replay(stream(name, seed, sizes.tasksEach))];
      const { coverage, tenths, pinball: half, pinballAll: all } = score(rows);
      const lowest = Math.min(...tenths);
      const ratios = { p50: half.p50 / half.typeMedian, all: all.estimates / all.typeMedian };
      coverages.push(coverage);
      worst.tenth = Math.min(worst.tenth, lowest);
      worst.p50 = Math.max(worst.p50, ratios.p50);
      worst.all = Math.max(worst.all, ratios.all);
      stage.note(
        `${name}: held ${percent(coverage)}, lowest tenth ${percent(lowest)}, pinball ${ratios.p50.toFixed(3)} of the type median's, ` +
          `${ratios.all.toFixed(3)} over all levels${own(rows)}`,
      );
      if (coverage < 0.78 || coverage > 0.82) problems.push(`${name}: held ${percent(coverage)}`);
      if (lowest < 0.7) problems.push(`${name}: a tenth held ${percent(lowest)}`);
      if (ratios.p50 > 1 || ratios.all > 1) problems.push(`${name}: pinball ${ratios.p50.toFixed(3)} and ${ratios.all.toFixed(3)}`);
      await new Promise(setImmediate);
    }
    const figure =
      `held ${percent(Math.min(...coverages))} to ${percent(Math.max(...coverages))}, lowest tenth ${percent(worst.tenth)}, ` +
      `pinball at most ${worst.p50.toFixed(3)} and ${worst.all.toFixed(3)}`;
    return { holds: problems.length === 0, figure, problems };
  },
};

/** What the callers' own estimates would have lost, for comparison. */
function own(rows) {
  const both = rows.filter(({ task, estimate }) => task.estimatedSeconds && estimate);
  if (both.length === 0) return '';
  const loss = (said) => both.reduce((sum, row) => sum + pinball(0.5, said(row), row.task.actualSeconds), 0);
  return `, ${(loss(({ estimate }) => estimate.p50) / loss(({ task }) => task.estimatedSeconds)).toFixed(3)} of the callers' own`;
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}

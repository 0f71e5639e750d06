/** A figure with a goal: the most, or the least, that it may be. `holds` is null where there is no goal. */
export function figure(name, value, { unit = '', atMost, atLeast, detail }) {
  const goal = atMost !== undefined ? `≤ ${format(atMost, unit)}` : atLeast !== undefined ? `≥ ${format(atLeast, unit)}` : null;
  const holds = atMost !== undefined ? value <= atMost : atLeast !== undefined ? value >= atLeast : null;
  return { name, value, unit, goal, holds, detail };
}

/** One line for each figure. */
export function printTable(figures) {
  const rows = figures.map(({ name, value, unit, goal, holds, detail }) => [
    name,
    format(value, unit),
    goal ?? '',
    holds === null ? 'no goal' : holds ? 'holds' : 'MISSED',
    detail,
  ]);
  const lines = [['', 'figure', 'goal', '', 'medians'], ...rows];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}

function format(value, unit) {
  return unit === '' ? value.toFixed(2) : `${value.toLocaleString('en', { maximumFractionDigits: 1 })} ${unit}`;
}

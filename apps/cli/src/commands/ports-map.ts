import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';

export const usage = `Usage: supervisor ports map

Draws the ranges of all projects: each cell is two ports, filled where at least one is given away.

Example: supervisor ports map
`;

interface Range {
  project: string;
  first: number;
  last: number;
}

const portsPerCell = 2;

export async function run(words: string[], caller: Caller): Promise<void> {
  parseFlags(words, {});
  const { ranges } = await caller.call('list_port_ranges');
  const taken = new Set<number>();
  for await (const { allocations } of caller.pages('list_ports', { limit: 500 }))
    for (const { port } of allocations as { port: number }[]) taken.add(port);
  const width = Math.max(0, ...(ranges as Range[]).map(({ project }) => project.length));
  for (const range of (ranges as Range[]).toSorted((a, b) => a.first - b.first)) {
    const { bar, used } = drawRange(range, taken);
    console.log(`${String(range.first).padStart(5)}–${String(range.last).padEnd(5)}  ${range.project.padEnd(width)}  ${bar}  ${used}`);
    for (const port of [...taken].filter((port) => port >= range.first && port <= range.last)) taken.delete(port);
  }
  if (taken.size > 0) console.log(`\npinned elsewhere: ${[...taken].toSorted((a, b) => a - b).join(', ')}`);
  if (ranges.length === 0) console.log('No project has a range yet: supervisor ports allocate web gives this one its first port.');
}

function drawRange({ first, last }: Range, taken: ReadonlySet<number>): { bar: string; used: number } {
  const ports = Array.from({ length: Math.min(last - first + 1, 200) }, (_, index) => first + index);
  const cells = Array.from({ length: Math.ceil(ports.length / portsPerCell) }, (_, cell) =>
    ports.slice(cell * portsPerCell, (cell + 1) * portsPerCell).some((port) => taken.has(port)) ? '█' : '·',
  );
  return { bar: cells.join(''), used: ports.filter((port) => taken.has(port)).length };
}

import { SupervisorError } from '@supervisor/core';
import { readFileSync } from 'node:fs';

/** A span of ports, both ends included. */
export interface Span {
  first: number;
  last: number;
}

/** @throws SupervisorError `invalid_input` for what is no port */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 1 && port <= lastPort) return;
  throw new SupervisorError('invalid_input', `A port is a whole number from 1 to ${lastPort}.`);
}

/** Ports of one project, unless it asks for more or fewer. */
export const blockSize = 100;
const lastPort = 65_535;

/** Where blocks begin: `high` keeps clear of what development servers take by habit. */
export const presets = { low: 3000, high: 20_000 } as const;
export type Preset = keyof typeof presets;

/** Blocks that are always the same: `meta` for the machine's own services, `shared` for those that several projects use. */
export const reservedBlocks: Readonly<Record<string, Span>> = {
  meta: { first: 3000, last: 3099 },
  shared: { first: 9000, last: 9099 },
};

/** What browsers refuse to open in our blocks (Fetch standard, "port blocking"): never handed out. */
export const refusedByBrowsers: readonly number[] = [
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/** Where people and tools expect one particular program: given by number only. Supervisor's own 3000 and 9000 are in reserved blocks. */
const conventionalPorts: readonly number[] = [
  3306, 3389, 4200, 4222, 4317, 4318, 4444, 5000, 5173, 5432, 5601, 5672, 5900, 6006, 6379, 6443, 7000, 7474, 7687, 8000, 8080, 8081, 8086,
  8200, 8443, 8500, 8888, 9090, 9092, 9200, 9229, 9300, 9418, 11211, 11434, 15672, 19006, 26257, 27017, 50051,
];

/** The ports in a span that its range never gives: those, and `more`. */
export function deniedIn(span: Span, more: readonly number[] = []): number[] {
  const denied = new Set([...refusedByBrowsers, ...conventionalPorts, ...more]);
  return [...denied].filter((port) => port >= span.first && port <= span.last).toSorted((a, b) => a - b);
}

export function overlaps(a: Span, b: Span): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/**
 * The block a new project gets: the lowest from `start` on that nobody has, else one below it; one in the ephemeral range only when
 * nothing else is left.
 * @returns null when every block is taken.
 */
export function chooseBlock(
  project: string,
  taken: readonly Span[],
  ephemeral: Span,
  { start, size }: { start: number; size: number } = { start: presets.low, size: blockSize },
): Span | null {
  const reserved = Object.values(reservedBlocks);
  const own = Object.hasOwn(reservedBlocks, project) ? reservedBlocks[project] : undefined;
  if (own) return own;
  let lastResort: Span | null = null;
  for (const first of [...firsts(start, lastPort), ...firsts(presets.low, start - 1)]) {
    const block = { first, last: first + size - 1 };
    if (block.last > lastPort || [...reserved, ...taken].some((span) => overlaps(span, block)) || deniedIn(block).length === size) continue;
    if (!overlaps(block, ephemeral)) return block;
    lastResort ??= block;
  }
  return lastResort;
}

function firsts(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from + 1) / blockSize)) }, (_, index) => from + index * blockSize);
}

/** Where a port lies that is not this project's: the range of another one, or the block that is reserved for it. */
export function foreignRangeAt(
  ranges: readonly (Span & { project: string })[],
  port: number,
  project: string,
): (Span & { project: string }) | undefined {
  const blocks = Object.entries(reservedBlocks).map(([project, block]) => ({ project, ...block }));
  const around = [...ranges, ...blocks].filter(({ first, last }) => first <= port && port <= last);
  return around.some((range) => range.project === project) ? undefined : around[0];
}

/** The ports this machine's kernel gives to outgoing connections; Linux's usual ones where it cannot be read. */
export function readEphemeralRange(): Span {
  try {
    const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
    if (first && last) return { first, last };
  } catch {
    // Not Linux, or /proc is hidden.
  }
  return { first: 32_768, last: 60_999 };
}

import { readFileSync } from 'node:fs';

/** A span of ports, both ends included. */
export interface Span {
  first: number;
  last: number;
}

/** Ports of one project. */
export const blockSize = 100;
const firstBlock = 3000;
const lastPort = 65_535;

/** Blocks that are always the same: `meta` for the machine's own services, `shared` for those that several projects use. */
export const reservedBlocks: Readonly<Record<string, Span>> = {
  meta: { first: 3000, last: 3099 },
  shared: { first: 9000, last: 9099 },
};

/** What browsers refuse to open in our blocks (Fetch standard, "port blocking"): never handed out. */
export const refusedByBrowsers: readonly number[] = [
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/** The ports in a span that must not be handed out. */
export function deniedIn(span: Span): number[] {
  return refusedByBrowsers.filter((port) => port >= span.first && port <= span.last);
}

export function overlaps(a: Span, b: Span): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/**
 * The block a new project gets: the lowest that nobody has, one in the ephemeral range only when nothing else is left.
 * @returns null when every block is taken.
 */
export function chooseBlock(project: string, taken: readonly Span[], ephemeral: Span): Span | null {
  const reserved = Object.values(reservedBlocks);
  const own = Object.hasOwn(reservedBlocks, project) ? reservedBlocks[project] : undefined;
  if (own) return own;
  let lastResort: Span | null = null;
  for (let slot = 0; blockAt(slot).last <= lastPort; slot++) {
    const block = blockAt(slot);
    if ([...reserved, ...taken].some((span) => overlaps(span, block))) continue;
    if (!overlaps(block, ephemeral)) return block;
    lastResort ??= block;
  }
  return lastResort;
}

function blockAt(slot: number): Span {
  const first = firstBlock + slot * blockSize;
  return { first, last: first + blockSize - 1 };
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

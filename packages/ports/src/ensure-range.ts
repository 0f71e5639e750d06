import { nearest, SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { asc, eq, sql } from 'drizzle-orm';
import {
  blockSize,
  chooseBlock,
  deniedIn,
  overlaps,
  presets,
  readEphemeralRange,
  reservedBlocks,
  type Preset,
  type Span,
} from './range.js';
import { portAllocations, portRanges, portWorktrees } from './schema.js';

// The first number of the advisory locks that ranges take. claim_port has another, with ports as the second.
const lockSpace = 7_385_002;

const largestRange = 10_000;

/** What a range is to be like. */
export interface RangeRequest {
  /** The first and the last port; what is left out is chosen. */
  first?: number | undefined;
  last?: number | undefined;
  /** Number of ports, 1 to 10,000; 100 when absent. */
  size?: number | undefined;
  /** Ports to give by number only, besides those that browsers refuse and the conventional ones. */
  deny?: readonly number[] | undefined;
  /** Where to look for a free block, now and for the next new projects; as last time when absent, `low` at first. */
  preset?: Preset | undefined;
  /** The caller is bound to this project: where the next new ones go is not its to say. */
  bound?: boolean | undefined;
}

/**
 * Sees to it that a project has a range: the one asked for, else the next free block. One that is there keeps its span.
 * @returns what the caller should know of a range that was made now.
 * @throws SupervisorError `exhausted` when no block is left, `conflict` when the span is somebody else's or the project has another one.
 */
export function ensureRange(orm: Orm, project: string, request: RangeRequest = {}): Promise<string[]> {
  const span = spanOf(request);
  if (span) checkSpan(project, span);
  return orm.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${lockSpace}::int, 0)`);
    const ranges = await tx.select().from(portRanges).orderBy(asc(portRanges.id));
    const existing = ranges.find((range) => range.project === project);
    if (existing) {
      checkSame(existing, request, span);
      if (request.deny) checkGivable(existing, request.deny);
      if (request.deny)
        await tx
          .update(portRanges)
          .set({ denied: deniedIn(existing, request.deny) })
          .where(eq(portRanges.id, existing.id));
      return [];
    }
    const ephemeral = readEphemeralRange();
    const usual = ranges.at(-1)?.start ?? presets.low;
    const start = request.preset ? presets[request.preset] : usual;
    const block = span ?? chooseBlock(project, ranges, ephemeral, { start, size: request.size ?? blockSize });
    if (!block) throw new SupervisorError('exhausted', 'No free block of that size is left. Pin a single port (allocate_specific_port).');
    checkGivable(block, request.deny);
    const other = ranges.find((range) => overlaps(range, block));
    if (other) {
      const overlap = `${block.first}–${block.last} overlaps the range of ${other.project} (${other.first}–${other.last})`;
      throw new SupervisorError('conflict', `${overlap}. Choose another span.`);
    }
    await tx.insert(portRanges).values({ project, ...block, denied: deniedIn(block, request.deny), start: request.bound ? usual : start });
    const known = ranges.map((range) => range.project);
    return notesOn(project, block, known, ephemeral);
  });
}

/** Gives back all ports of a project, also those elsewhere, and its range: its block is another project's then. */
export function removeRange(orm: Orm, project: string): Promise<{ released: number[]; range: Span | null }> {
  return orm.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${lockSpace}::int, 0)`);
    const { first, last } = portRanges;
    const [range = null] = await tx.delete(portRanges).where(eq(portRanges.project, project)).returning({ first, last });
    const freed = await tx.delete(portAllocations).where(eq(portAllocations.project, project)).returning({ port: portAllocations.port });
    await tx.delete(portWorktrees).where(eq(portWorktrees.project, project));
    return { released: freed.map(({ port }) => port).toSorted((a, b) => a - b), range };
  });
}

// A range that is there keeps its ports: what asks for others is refused, or it would seem to be done.
function checkSame({ project, first, last }: Span & { project: string }, { size, preset }: RangeRequest, span: Span | undefined): void {
  const same = span ? span.first === first && span.last === last : size === undefined || size === last - first + 1;
  const where = preset === undefined || (preset === 'high') === first >= presets.high;
  if (same && where) return;
  throw new SupervisorError('conflict', `${project} already has the range ${first}–${last}, which stays as it is.`, { first, last });
}

/** The span that a request names; undefined when it leaves it to be chosen. */
function spanOf({ first, last, size }: RangeRequest): Span | undefined {
  if (size !== undefined && (size < 1 || size > largestRange))
    throw new SupervisorError('invalid_input', `size: a range has 1 to ${largestRange} ports.`);
  if (first !== undefined) return { first, last: last ?? Math.min(first + (size ?? blockSize) - 1, 65_535) };
  if (last !== undefined) throw new SupervisorError('invalid_input', 'create_port_range: last needs first.');
  return undefined;
}

function checkSpan(project: string, span: Span): void {
  const size = span.last - span.first + 1;
  if (span.first < 1 || span.last > 65_535 || size < 1 || size > largestRange) {
    throw new SupervisorError('invalid_input', `A range has 1 to ${largestRange} ports, and last is not before first.`);
  }
  const [owner, block] = Object.entries(reservedBlocks).find(([owner, block]) => owner !== project && overlaps(block, span)) ?? [];
  if (block) throw new SupervisorError('conflict', `${block.first}–${block.last} is reserved for ${owner}. Choose another span.`);
}

function checkGivable(span: Span, deny: readonly number[] | undefined): void {
  if (deniedIn(span, deny).length <= span.last - span.first) return;
  throw new SupervisorError(
    'invalid_input',
    `Every port of ${span.first}–${span.last} would be refused by browsers, conventional or denied. Choose another span, or deny fewer.`,
  );
}

function notesOn(project: string, block: Span, known: string[], ephemeral: Span): string[] {
  const near = nearest(project, known);
  const notes = near.length > 0 ? [`${project} is new. Did you mean ${near.join(' or ')}?`] : [];
  if (!overlaps(block, ephemeral)) return notes;
  const where = `${block.first}–${block.last} lies where the kernel takes ports for outgoing connections`;
  return [...notes, `${where}: a port can be busy for a while.`];
}

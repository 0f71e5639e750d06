import { nearest, SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { chooseBlock, deniedIn, overlaps, readEphemeralRange, reservedBlocks, type Span } from './range.js';
import { portRanges } from './schema.js';

// The first number of the advisory locks that ports take (claim_port too); the second is a range's id, or 0 for the list of ranges.
const lockSpace = 7_385_002;

const largestRange = 10_000;

/**
 * Sees to it that a project has a range: the one asked for, else the next free block.
 * @returns what the caller should know of a range that was made now.
 * @throws SupervisorError `exhausted` when no block is left, `conflict` when the span is somebody else's.
 */
export function ensureRange(orm: Orm, project: string, span?: Span): Promise<string[]> {
  if (span) checkSpan(project, span);
  return orm.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${lockSpace}::int, 0)`);
    const ranges = await tx.select().from(portRanges);
    if (ranges.some((range) => range.project === project)) return [];
    const ephemeral = readEphemeralRange();
    const block = span ?? chooseBlock(project, ranges, ephemeral);
    if (!block) throw new SupervisorError('exhausted', 'Every block of 100 ports is taken. Pin a single port (allocate_specific_port).');
    const other = ranges.find((range) => overlaps(range, block));
    if (other) {
      const overlap = `${block.first}–${block.last} overlaps the range of ${other.project} (${other.first}–${other.last})`;
      throw new SupervisorError('conflict', `${overlap}. Choose another span.`);
    }
    await tx.insert(portRanges).values({ project, ...block, denied: deniedIn(block) });
    const known = ranges.map((range) => range.project);
    return notesOn(project, block, known, ephemeral);
  });
}

function checkSpan(project: string, span: Span): void {
  const size = span.last - span.first + 1;
  if (span.first < 1 || span.last > 65_535 || size < 1 || size > largestRange) {
    throw new SupervisorError('invalid_input', `A range has 1 to ${largestRange} ports, and last is not before first.`);
  }
  if (deniedIn(span).length === size)
    throw new SupervisorError('invalid_input', 'Browsers refuse every port of this span. Choose another one.');
  const [owner, block] = Object.entries(reservedBlocks).find(([owner, block]) => owner !== project && overlaps(block, span)) ?? [];
  if (block) throw new SupervisorError('conflict', `${block.first}–${block.last} is reserved for ${owner}. Choose another span.`);
}

function notesOn(project: string, block: Span, known: string[], ephemeral: Span): string[] {
  const near = nearest(project, known);
  const notes = near.length > 0 ? [`${project} is new. Did you mean ${near.join(' or ')}?`] : [];
  if (!overlaps(block, ephemeral)) return notes;
  const where = `${block.first}–${block.last} lies where the kernel takes ports for outgoing connections`;
  return [...notes, `${where}: a port can be busy for a while.`];
}

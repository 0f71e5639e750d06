import { ownerOf, type Allocation } from './allocation.js';
import { describeSighting, type Sighting, type State } from './evidence.js';
import type { Span } from './range.js';

/** Everything that is known of one port. */
export interface Explanation {
  port: number;
  /** As of an allocation; else `orphan` (somebody listens whom nobody gave it) or `free`. */
  state: State | 'orphan' | 'free';
  /** Who has it in the ledger. */
  allocation: Allocation | null;
  /** The project whose range it lies in. */
  range: string | null;
  listener: Sighting | null;
  /** Until when ranges do not give it, since somebody else was found there. */
  quarantinedUntil: string | null;
  /** What it means and what to do, for a person or an agent. */
  advice: string;
}

/** Says in words what a port's state means and what to do. Nothing here ends a process: that is its owner's to decide. */
export function advise(facts: Omit<Explanation, 'advice'>): string {
  const { port, state, allocation, range, listener } = facts;
  const who = listener ? describeSighting(listener) : 'nobody';
  if (!allocation) return adviseUnallocated(facts, who);
  const owner = ownerOf(allocation);
  const { instance } = allocation;
  const release = `supervisor ports release ${allocation.service} --project ${allocation.project}${instance ? ` --instance ${instance}` : ''}`;
  const lease = allocation.expiresAt ? ` It is leased until ${allocation.expiresAt}.` : '';
  if (state === 'confirmed') return `${port} belongs to ${owner}, and ${who} listens: as it should be.${lease}`;
  if (state === 'idle')
    return `${port} belongs to ${owner}, and nothing listens. Start it there, or give the port back: ${release}.${lease}`;
  if (state === 'gone')
    return `${port} belongs to ${owner}, whose worktree is gone. It goes back when the range is full, or with all of that worktree's: supervisor ports release-copy ${instance} --project ${allocation.project}.${lease}`;
  if (state === 'taken') {
    const move = range === allocation.project ? `, or let ${owner} move: ${release}, then allocate it again` : '';
    return `${port} belongs to ${owner}, but ${who} listens. Find out what that process is and let its owner end it${move}.${lease}`;
  }
  const seen = listener
    ? `whether ${who} belongs to it cannot be told. Look as root (ss -ltnp, or lsof -i :${port})`
    : 'its host cannot be looked at from here. Ask there';
  return `${port} belongs to ${owner}; ${seen}.${lease}`;
}

function adviseUnallocated({ port, state, range, listener }: Omit<Explanation, 'advice'>, who: string): string {
  const pin = (project: string) => `supervisor ports allocate-specific SERVICE ${port} --project ${project}`;
  const place = range ? `, in the range of ${range}` : '';
  if (state === 'free')
    return `${port} is nobody's${place}, and nothing listens. Ask for a port (allocate_port), or pin this one: ${pin(range ?? 'PROJECT')}.`;
  if (state === 'orphan') {
    const project = listener?.project ?? range;
    return `${port} was given to nobody${place}, but ${who} listens. ${project ? `If it is a service of ${project}, keep it there: ${pin(project)}.` : 'Choose another port (allocate_port).'}`;
  }
  return `${port} was given to nobody${place}; ${listener ? `${who} listens` : 'whether anything listens cannot be seen from here'}. Do not take it for free: ask for a port (allocate_port).`;
}

/** The range that a port lies in. */
export function rangeAt<Range extends Span>(ranges: readonly Range[], port: number): Range | undefined {
  return ranges.find(({ first, last }) => first <= port && port <= last);
}

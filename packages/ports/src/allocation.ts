import type { Sighting, State } from './evidence.js';
import type { Span } from './range.js';

/** A port and who has it. */
export interface Allocation {
  port: number;
  project: string;
  /** A linked worktree of the project; empty for the main one. */
  instance: string;
  service: string;
  /** Outside the project's own range. */
  pinned: boolean;
  description: string | null;
  createdAt: string;
  /** When it goes back by itself unless it is asked for again; null: never. */
  expiresAt: string | null;
  /** When something was last seen to listen there. */
  lastSeenAt: string | null;
}

/** The answer to asking for a port. */
export interface Grant extends Allocation {
  /** False when the service already had it. */
  created: boolean;
  /** False: only the ledger was asked; what listens there is not known. */
  checked: boolean;
  /** Who listens there already; null when nobody does, or it was not checked. */
  listener: Sighting | null;
  /** What the caller should know besides. */
  notes: string[];
}

/** An allocation beside what listens there. */
export interface LiveAllocation extends Allocation {
  state: State;
  listener: Sighting | null;
}

/** Something that listens in a project's folder or range, on a port that nobody was given. */
export interface Orphan extends Sighting {
  port: number;
}

export interface PortRange extends Span {
  project: string;
  /** Given by number only. */
  denied: number[];
  /** Where the search for the block began. */
  start: number;
  createdAt: string;
}

export interface Utilization extends Span {
  project: string;
  allocated: number;
  free: number;
  percent: number;
}

export interface AllocateOptions {
  /** A copy of the project with ports of its own, such as a linked worktree. */
  instance?: string | undefined;
  /** Where git keeps that worktree (`…/.git/worktrees/NAME`): once it is gone, its ports go back when the range is full. */
  worktree?: string | undefined;
  description?: string | undefined;
  /** A lease of so many seconds instead of for good, 1 to 2,592,000 (30 days); asking again renews it. */
  expiresInSeconds?: number | undefined;
  /** Whoever will listen is on another host, which cannot be probed from here. */
  elsewhere?: boolean | undefined;
  /** The caller is bound to this project: it may take nothing out of another one's range. */
  bound?: boolean | undefined;
}

export interface ListOptions {
  project?: string | undefined;
  port?: number | undefined;
  /** At most this many, 1–500; 100 when absent. */
  limit?: number | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** Names an owner for a person: `shop/web`, or `shop/web (feature)` for a worktree. */
export function ownerOf(row: { project: string; instance: string; service: string }): string {
  return row.instance === '' ? `${row.project}/${row.service}` : `${row.project}/${row.service} (${row.instance})`;
}

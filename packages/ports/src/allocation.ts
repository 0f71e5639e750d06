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
}

/** The answer to asking for a port. */
export interface Grant extends Allocation {
  /** False when the service already had it. */
  created: boolean;
  /** What the caller should know besides. */
  notes: string[];
}

export interface PortRange extends Span {
  project: string;
  denied: number[];
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
  description?: string | undefined;
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

/** A stretch of a text that belongs together. */
export interface Block {
  /** Offsets into the text; `end` is after the last character. */
  start: number;
  end: number;
  /** The headings above it, the outermost first. */
  headings: readonly string[];
  /** May be cut where it is too long; a code fence may not. */
  divisible: boolean;
}

/** What search finds: one or more blocks. */
export interface Chunk {
  text: string;
  /** The headings above it, joined by ` › `; empty without any. */
  heading: string;
  /** Counted from 1; both belong to the chunk. */
  startLine: number;
  endLine: number;
}

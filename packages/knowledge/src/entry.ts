import type { Language } from './text/stem.js';
import type { Format } from './split/split.js';

/** What a caller may store. */
export const learnedKinds = ['learning', 'decision', 'incident', 'how-to'] as const;
export type LearnedKind = (typeof learnedKinds)[number];

/** What is learned, and `document` for what was ingested from files. */
export const kinds = [...learnedKinds, 'document'] as const;
export type Kind = (typeof kinds)[number];

/** `project`: only that project finds it; `shared`: every project does. */
export const visibilities = ['project', 'shared'] as const;
export type Visibility = (typeof visibilities)[number];

/** Who reads: the project it may not leave (null: none), and the one it works in. */
export interface Caller {
  boundTo: string | null;
  project?: string | undefined;
}

/** A caller that may see everything. */
export const everyone: Caller = { boundTo: null };

/** A text without its secrets, and what each gap was. */
export interface Redacted {
  text: string;
  redactions: string[];
}

export type Redact = (text: string) => Redacted | Promise<Redacted>;

/** A text that is to be stored: redacted, normalised and hashed. */
export interface Draft {
  project: string;
  visibility: Visibility;
  kind: Kind;
  language: Language;
  title: string;
  text: string;
  format: Format;
  hash: string;
  tags: string[];
  task?: string | null | undefined;
  source?: string | null | undefined;
  root?: number | undefined;
  expiresAt?: string | null | undefined;
  createdAt?: string | undefined;
}

/** An entry without its text. */
export interface EntrySummary {
  id: number;
  project: string;
  visibility: Visibility;
  kind: Kind;
  title: string;
  task: string | null;
  tags: string[];
  source: string | null;
  supersededBy: number | null;
  /** How many projects said that it helped, or misled them. */
  helped: number;
  misled: number;
  expiresAt: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface Entry extends EntrySummary {
  text: string;
}

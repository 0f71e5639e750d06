import type { Access } from './principal.js';
import type { Toolset } from './operation.js';

/** JSON Schema of a flat object: what `operations.json` holds of an input or output. */
export interface ObjectSchema {
  type: 'object';
  properties: Record<string, FieldSchema>;
  required?: string[];
  additionalProperties?: boolean;
}

export interface FieldSchema {
  type?: string;
  description?: string;
  enum?: unknown[];
  default?: unknown;
  items?: FieldSchema;
  [keyword: string]: unknown;
}

/** An operation as data: everything a surface needs, with no code and no zod. */
export interface OperationDescription {
  name: string;
  module: string;
  /** The command line's words, such as `ports allocate`; empty: only programs call it. */
  command: string;
  summary: string;
  description?: string;
  access: Access;
  toolset?: Toolset;
  repeat?: 'never';
  openWorld?: true;
  route?: { method: string; path: string };
  /** Input fields that never go to flags or URLs. */
  sensitive: string[];
  input: ObjectSchema;
  output: ObjectSchema;
}

/** What the build writes to `operations.json`. */
export interface Catalogue {
  version: string;
  /** SHA-256 of everything else in the file: two builds with one hash have the same contract. */
  hash: string;
  instructions: string;
  operations: OperationDescription[];
}

/** Something that answers operations: bound ones in this process, or a service elsewhere. */
export interface Answerer<Caller> {
  readonly operations: readonly OperationDescription[];
  /** Calls an operation by name. Rejects with a `SupervisorError`, never with anything else. */
  call(name: string, input: unknown, caller: Caller): Promise<Record<string, unknown>>;
}

import type { z } from 'zod';
import type { Access, Principal } from './principal.js';

/** What every call carries besides its input. */
export interface Context {
  principal: Principal;
  /** The project the caller works in, where it is known: fills in a `project` left out. */
  project?: string | undefined;
  /** The linked worktree the caller works in; absent in the main one. */
  instance?: string | undefined;
  /** Where git keeps that worktree, on the caller's host. */
  worktree?: string | undefined;
  /** The caller is on another host: what listens there cannot be seen from here. */
  elsewhere?: boolean | undefined;
  /** The agent's process that asks; absent where the caller has no lasting one. */
  session?: string | undefined;
  signal: AbortSignal;
  /** Reports how far a long operation has come; `total` may be unknown. */
  progress(done: number, total?: number, message?: string): void;
  /** Has the agent's host open a page for its person; the agent itself never sees the address. Absent where no host can be asked. */
  showPage?: ((page: { url: string; message: string }) => void) | undefined;
}

export type Toolset = 'default' | 'admin' | 'cloud';

/** A capability, written once. MCP tools, REST routes, OpenAPI and commands derive from it. */
export interface Operation<Deps, Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  /** `verb_noun`, at most 32 characters. */
  name: string;
  /** `METHOD /path/{field}`; absent: no REST route. */
  route?: string;
  /** One line: what it does. */
  summary: string;
  /** What an agent must know besides: when to call it, what comes back. */
  description?: string;
  access: Access;
  /** The words of its command, where they do not follow from its name; `false`: programs call it, it is no command. */
  command?: string | false;
  /** Absent: not an MCP tool. */
  toolset?: Toolset;
  /** `never`: repeating the call could do the thing twice, so a lost answer is not asked for again. */
  repeat?: 'never';
  /** It reaches beyond this machine and its database, as all of toolset `cloud` does. */
  openWorld?: true;
  input: Input;
  output: Output;
  /** The projects an input touches, when no `project` field says so. */
  projects?(input: z.output<Input>): string[];
  /** The secret paths an input touches: a token needs a grant for each. */
  paths?(input: z.output<Input>): string[];
  /** What the audit trail names as the object of the call; never a sensitive value. */
  subject?(input: z.output<Input>): string;
  /** The values of secrets that the call stored or gave out. */
  released?(input: z.output<Input>, output: z.output<Output>): Released[];
  handle(deps: Deps, input: z.output<Input>, context: Context): Promise<z.input<Output>>;
}

/** What the audit trail keeps of a secret's value: never the value, only its keyed hash. */
export interface Released {
  /** Its first name is the project's. */
  path: string;
  version?: number | undefined;
  value?: string | undefined;
}

/** Any operation that can run with `Deps`: its schemas are known to itself only. */
export type AnyOperation<Deps = any> = Operation<Deps, any, any>;

/** Infers the schemas of a definition; returns it unchanged. */
export function operation<Deps, Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: Operation<Deps, Input, Output>,
): Operation<Deps, Input, Output> {
  return definition;
}

/** One domain as the composition root sees it. */
export interface Module {
  name: string;
  /** The word its commands start with (`ports allocate`); the module's name where absent. */
  group?: string;
  /** Folder with the generated SQL migrations. */
  migrations: URL;
  operations: readonly AnyOperation[];
}

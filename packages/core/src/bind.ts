import { z } from 'zod';
import type { Answerer } from './description.js';
import { describe } from './describe.js';
import { SupervisorError } from './errors.js';
import { mayReach } from './grants.js';
import { explain, inWords } from './explain.js';
import { NotFound } from './nearest.js';
import type { AnyOperation, Context, Module, Released } from './operation.js';
import { mayAccess, type Principal, type Scope } from './principal.js';
import { cleanerOf, type Cleaner } from './prose.js';

/** What a row of the audit trail says of a call. */
export interface AuditEntry {
  principal: Principal;
  operation: string;
  /** Those that the call touches. */
  projects: readonly string[];
  subject?: string | undefined;
}

/** The trail of everything that changes or releases something, and of what was refused. */
export interface Audit {
  /** Written before the call; when it fails there is no call. Answers with the call's id. */
  intent(entry: AuditEntry): Promise<string>;
  /** Written after it. `outcome` is `ok` or the code of the error. */
  outcome(call: string, entry: AuditEntry, outcome: string, released: readonly Released[]): Promise<void>;
  /** Both in one, for what changes nothing: a refusal, or a reading whose answer waits for it. */
  record(entry: AuditEntry, outcome: string, released?: readonly Released[]): Promise<void>;
}

export interface BindOptions {
  audit: Audit;
  /** What a caller may be told of an error that is not a SupervisorError; undefined: it is internal. */
  translate?(error: unknown): SupervisorError | undefined;
  /** Takes keys out of what a person or an agent wrote, before anything stores it; it stays as it is when absent. */
  clean?(text: string): Promise<string>;
  /** Takes an unexpected error under the id that the caller is shown. */
  logError(id: string, operation: string, error: unknown): void;
}

interface Bound {
  definition: AnyOperation;
  schema: z.ZodObject;
  project: 'own' | 'filter' | undefined;
  fallback: string | undefined;
  /** Has an `instance` field that the caller's worktree fills in. */
  fillsInstance: boolean;
  clean: Cleaner | undefined;
}

/**
 * The only way to a handler: authorise, parse, confine to the caller's project, audit the intent, handle,
 * parse the output, audit the outcome.
 */
export function bind<Deps>(modules: readonly Module[], deps: Deps, options: BindOptions): Answerer<Context> {
  const bound = new Map<string, Bound>();
  for (const definition of modules.flatMap((module) => module.operations)) {
    if (bound.has(definition.name)) throw new Error(`Two operations are named ${definition.name}`);
    const { project, instance } = definition.input.shape;
    const meta = project?.meta() ?? {};
    bound.set(definition.name, {
      definition,
      schema: definition.input.strict(),
      project: meta.project,
      fallback: meta.fallback,
      fillsInstance: instance?.meta()?.instance === true,
      clean: cleanerOf(definition.input),
    });
  }
  const operations = describe(modules);

  async function call(name: string, input: unknown, context: Context): Promise<Record<string, unknown>> {
    const found = bound.get(name);
    if (!found) throw unknownOperation(name, bound.keys());
    try {
      return await run(found, deps, input, context, options);
    } catch (error) {
      if (error instanceof NotFound && found.definition.paths) throw error.toldOf((path) => mayReach(context.principal, 'read', path));
      if (error instanceof SupervisorError) throw error;
      const known = options.translate?.(error);
      if (known) throw known;
      const id = crypto.randomUUID();
      options.logError(id, name, error);
      throw new SupervisorError('internal', `Something went wrong inside Supervisor. The log has it under ${id}.`, { id });
    }
  }

  return { operations, call };
}

async function run<Deps>(bound: Bound, deps: Deps, raw: unknown, context: Context, options: BindOptions): Promise<Record<string, unknown>> {
  const { definition } = bound;
  const { principal } = context;
  const entry: AuditEntry = { principal, operation: definition.name, projects: [] };
  const parse = () => {
    const input = parseInput(bound, raw, context);
    const projects = definition.projects?.(input) ?? (typeof input['project'] === 'string' ? [input['project']] : []);
    Object.assign(entry, { projects, subject: definition.subject?.(input) });
    return input;
  };
  let input: Record<string, unknown>;
  try {
    if (!mayAccess(principal, definition.access)) {
      // What was asked for, as far as it can be told.
      try {
        parse();
      } catch {}
      entry.projects = entry.projects.slice(0, 1);
      throw refusal(principal, definition);
    }
    input = parse();
    const paths = principal.kind === 'token' ? definition.paths?.(input) : undefined;
    if (paths) demandGrants(principal, definition, paths);
    else confine(principal, entry.projects, bound);
  } catch (error) {
    // Refused stays refused, also when the trail cannot be written.
    if (error instanceof SupervisorError && error.code === 'forbidden')
      await options.audit.record(entry, error.code).catch((failure) => options.logError(crypto.randomUUID(), definition.name, failure));
    throw error;
  }
  if (definition.access === 'read') return definition.output.parse(await definition.handle(deps, input, context));
  if (options.clean && bound.clean) input = (await bound.clean(input, options.clean)) as Record<string, unknown>;
  if (context.signal.aborted) throw new SupervisorError('cancelled', 'The call was cancelled before anything was done.');

  // What only reads has one row, written before its answer leaves: when it cannot be written, nothing does.
  const reads = definition.route?.startsWith('GET ') === true;
  const call = reads ? undefined : await options.audit.intent(entry);
  let outcome = 'internal';
  let released: Released[] = [];
  try {
    const output = definition.output.parse(await definition.handle(deps, input, context));
    released = definition.released?.(input, output) ?? [];
    outcome = 'ok';
    return output;
  } catch (error) {
    if (error instanceof SupervisorError) outcome = error.code;
    throw error;
  } finally {
    if (call === undefined) await options.audit.record(entry, outcome, released);
    // What is done is done: a trail that cannot be closed is logged, not answered.
    else await options.audit.outcome(call, entry, outcome, released).catch((error) => options.logError(call, definition.name, error));
  }
}

function parseInput(bound: Bound, raw: unknown, context: Context): Record<string, unknown> {
  const input: unknown = raw ?? {};
  const filled = bound.project && isRecord(input) ? fillIn(bound, input, context) : input;
  const parsed = bound.schema.safeParse(filled, { error: inWords });
  if (parsed.success) return parsed.data;
  throw new SupervisorError('invalid_input', `${bound.definition.name}: ${explain(parsed.error)}.`, {
    fields: [...new Set(parsed.error.issues.flatMap(fieldsOf).map((field) => field.slice(0, 80)))],
  });
}

function fieldsOf(issue: z.core.$ZodIssue): string[] {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
  return unknown.length === 0 ? [issue.path.join('.')] : unknown.map((key) => [...issue.path, key].join('.'));
}

// What the caller's folder says, where the input says nothing. A worktree's name means something in its own project only.
function fillIn(bound: Bound, input: Record<string, unknown>, context: Context): Record<string, unknown> {
  const filled = { ...input };
  filled['project'] ??= fillProject(bound, context);
  if (bound.fillsInstance && filled['project'] === context.project) filled['instance'] ??= context.instance;
  return filled;
}

function fillProject({ definition, project, fallback }: Bound, context: Context): string | undefined {
  const { boundTo } = context.principal;
  if (project === 'filter') return boundTo ?? undefined;
  const own = boundTo ?? context.project ?? fallback;
  if (own !== undefined) return own;
  throw new SupervisorError(
    'invalid_input',
    `${definition.name}: no project. Say which one, or call from inside a git checkout or a folder with a .supervisor.json.`,
    { fields: ['project'] },
  );
}

function confine({ boundTo }: Principal, projects: readonly string[], { definition, project }: Bound): void {
  if (boundTo === null) return;
  // What names no project at all is about the whole instance.
  const known = project !== undefined || definition.projects !== undefined;
  if (known && projects.every((name) => name === boundTo)) return;
  throw new SupervisorError('forbidden', `This caller is bound to project ${boundTo} and may not touch another one.`, { project: boundTo });
}

function demandGrants(principal: Principal, { name, access }: AnyOperation, paths: string[]): void {
  const closed = paths.find((path) => !mayReach(principal, access as Scope, path));
  if (closed === undefined) return;
  const project = principal.boundTo === null ? '' : ` and is bound to project ${principal.boundTo}`;
  throw new SupervisorError(
    'forbidden',
    `${name} needs a grant to ${access} ${closed}; this token has none${project}. Its owner gives one with supervisor tokens grant.`,
    { needs: access, path: closed },
  );
}

function refusal(principal: Principal, definition: AnyOperation): SupervisorError {
  const { name, access } = definition;
  if (access === 'owner') {
    return new SupervisorError('forbidden', `${name} is for the owner only: a person runs it with the supervisor command on this machine.`);
  }
  return new SupervisorError(
    'forbidden',
    `${name} needs the scope ${access}; this ${principal.kind} has ${principal.scopes.join(', ') || 'none'}.`,
    {
      needs: access,
    },
  );
}

function unknownOperation(name: string, known: Iterable<string>): SupervisorError {
  const fact = `There is no operation named ${JSON.stringify(name.slice(0, 64))}.`;
  return new NotFound(fact, name, known, 'supervisor --help shows those there are.', 'unknown_operation');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

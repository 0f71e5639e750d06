import { dirname, join, resolve } from 'node:path';
import { findProject, findProjectFile, readProjectFields } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import { replaceFile } from './replace-file.js';
import { namesIn, strangeIn } from './template.js';

/** What `.supervisor.json` says: which environment variable gets the port of which service, which secret, and which text with some of them in it. */
export interface ProjectFile {
  project?: string;
  /** Variable to service. */
  ports: Record<string, string>;
  /** Variable to the secret's path. */
  secrets: Record<string, string>;
  /** Variable to a text in which {{port:service}} and {{secret:path}} stand for their values. */
  env: Record<string, string>;
}

const examples = {
  ports: '{"PORT": "web"}',
  secrets: '{"API_KEY": "shop/stripe/key"}',
  env: '{"REDIS_URL": "redis://localhost:{{port:redis}}"}',
};
const fields = ['project', ...Object.keys(examples)];
const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;
// With these a file could put a program of its own, or a proxy, into every command.
const risky = /^(?:PATH|LD_(?:PRELOAD|LIBRARY_PATH|AUDIT)|DYLD_.*|NODE_OPTIONS|(?:HTTPS?|FTP|ALL|NO)_PROXY)$/i;

/** Whether `.supervisor.json` may set a variable. */
export function maySet(name: string): boolean {
  return variable.test(name) && !risky.test(name);
}

/** The project file of a folder, there or above; empty when there is none. @throws SupervisorError `invalid_input` */
export function readProjectFile(directory: string): ProjectFile {
  const path = findProjectFile(directory);
  return path === undefined ? nothing() : parseProjectFile(path);
}

/** The project file of this very folder; empty when it has none. @throws SupervisorError `invalid_input` */
export function readOwnProjectFile(directory: string): ProjectFile {
  const path = findProjectFile(directory);
  return path !== undefined && dirname(path) === resolve(directory) ? parseProjectFile(path) : nothing();
}

function nothing(): ProjectFile {
  return { ports: {}, secrets: {}, env: {} };
}

function parseProjectFile(path: string): ProjectFile {
  const fail = (what: string) => new SupervisorError('invalid_input', `${path}: ${what}.`);
  const content = readProjectFields(path);
  const [strange] = Object.keys(content).filter((field) => !fields.includes(field));
  if (strange !== undefined) throw fail(`there is no field ${strange}; it may have ${fields.join(', ')}`);
  const names = (field: keyof typeof examples) => {
    const value = content[field] ?? {};
    const good = isRecord(value) && Object.entries(value).every(([name, of]) => variable.test(name) && typeof of === 'string');
    if (!good) throw fail(`${field} must give each variable a ${field === 'env' ? 'text' : 'name'}, such as ${examples[field]}`);
    const refused = Object.keys(value).find((name) => !maySet(name));
    if (refused !== undefined)
      throw fail(`${field} may not set ${refused}, which changes what every command does. Take it out, and set it in your shell`);
    return value as Record<string, string>;
  };
  const { project } = content;
  const own = project ?? findProject(dirname(path)).project;
  const env = names('env');
  for (const [name, text] of Object.entries(env)) {
    const [wrong] = strangeIn(text);
    if (wrong) throw fail(`env: ${name} has ${wrong.placeholder}, and may have {{port:service}} and {{secret:path}}`);
    const strange = namesIn(text, 'secret').find((secret) => own === undefined || !secret.startsWith(`${own}/`));
    if (strange !== undefined)
      throw fail(
        `env: ${name} has {{secret:${strange}}}, and may have secrets of ${own ?? 'its own project'} only. Give that one a variable of its own under secrets`,
      );
  }
  return { ...(project === undefined ? {} : { project }), ports: names('ports'), secrets: names('secrets'), env };
}

/** The file with what was found since. A variable is in one map only: the older one would hide the newer. */
export function withFound(file: ProjectFile, found: Partial<Pick<ProjectFile, 'secrets' | 'env'>>): Pick<ProjectFile, 'secrets' | 'env'> {
  const { secrets = {}, env = {} } = found;
  const without = (names: Record<string, string>, others: Record<string, string>) =>
    Object.fromEntries(Object.entries(names).filter(([name]) => !Object.hasOwn(others, name)));
  return { secrets: { ...without(file.secrets, env), ...secrets }, env: { ...without(file.env, secrets), ...env } };
}

/** Writes a folder's project file. Fields that are empty are left out. */
export function writeProjectFile(directory: string, { project, ports, secrets, env }: ProjectFile): void {
  const content = {
    project,
    ...(Object.keys(ports).length > 0 ? { ports } : {}),
    ...(Object.keys(secrets).length > 0 ? { secrets } : {}),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
  replaceFile(join(directory, '.supervisor.json'), `${JSON.stringify(content, null, 2)}\n`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

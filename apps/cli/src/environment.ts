import { findProjectFile } from '@supervisor/client';
import type { Caller } from './caller.js';
import { UsageError } from './input.js';
import { readProjectFile, type ProjectFile } from './project-file.js';
import { fillTemplate, namesIn } from './template.js';

/** What a program is to find in its environment. */
export type Wanted = Pick<ProjectFile, 'ports' | 'secrets' | 'env'>;

/** The flags with which `run` and `env` add to the project file. */
export const wantedFlags = {
  secret: { type: 'string', multiple: true },
  port: { type: 'string', multiple: true },
} as const;

/** What the project file wants, and the flags besides: a flag wins over the file. @throws UsageError */
export function readWanted(directory: string, flags: { secret?: string[] | undefined; port?: string[] | undefined }): Wanted {
  const file = readProjectFile(directory);
  const [ports, secrets] = [pairs('--port', 'NAME=service', flags.port), pairs('--secret', 'NAME=path', flags.secret)];
  const env = Object.entries(file.env).filter(([name]) => !Object.hasOwn({ ...ports, ...secrets }, name));
  return { ports: { ...file.ports, ...ports }, secrets: { ...file.secrets, ...secrets }, env: Object.fromEntries(env) };
}

function pairs(flag: string, form: string, given: string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((pair) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/.exec(pair) ?? [];
      if (!name || !value)
        throw new UsageError(`${flag} takes ${form}, such as ${flag === '--port' ? 'PORT=web' : 'API_KEY=shop/stripe/key'}.`);
      return [name, value];
    }),
  );
}

/** Says of a folder for which nothing is listed why that is, and what to do. */
export function nothingListed(directory: string): string {
  return findProjectFile(directory) === undefined
    ? 'There is no .supervisor.json here, so no ports or keys are given: supervisor init makes one.\n'
    : 'No ports or secrets are listed: supervisor init finds what this project has.\n';
}

/** A service's port, and when it goes back; null: never. */
export interface Granted {
  service: string;
  port: number;
  expiresAt: string | null;
}

/** The services whose ports are wanted. */
export function servicesIn({ ports, env }: Wanted): string[] {
  return [...new Set([...Object.values(ports), ...Object.values(env).flatMap((text) => namesIn(text, 'port'))])];
}

/** The paths whose secrets are wanted. */
export function pathsIn({ secrets, env }: Wanted): string[] {
  return [...new Set([...Object.values(secrets), ...Object.values(env).flatMap((text) => namesIn(text, 'secret'))])];
}

/** The services' ports; one that has none yet gets one. */
export function grantsOf(caller: Caller, services: readonly string[]): Promise<Record<string, Granted>> {
  if (services.length > 0) void caller.place;
  return each(services, (service) => caller.call('allocate_port', { service }));
}

/** The same as a program's environment has them. */
export function portsOf(grants: Record<string, Granted>): Record<string, string> {
  return Object.fromEntries(Object.entries(grants).map(([service, { port }]) => [service, String(port)]));
}

/** The secrets' values by path, for a program: none of them may be shown. */
export async function secretsOf(caller: Caller, paths: readonly string[]): Promise<Record<string, string>> {
  if (paths.length === 0) return {};
  const { secrets } = await caller.call('use_secrets', { paths });
  return Object.fromEntries((secrets as { path: string; value: string }[]).map(({ path, value }) => [path, value]));
}

/** The same for a person, who is shown only what may be shown. */
export function revealedSecretsOf(caller: Caller, paths: readonly string[]): Promise<Record<string, string>> {
  return each(paths, async (path) => (await caller.call('retrieve_secret', { path })).value);
}

/** The wanted variables, of ports by service and secrets by path. @param inText what stands for a secret inside a text */
export function variablesOf(
  wanted: Wanted,
  port: Record<string, string>,
  secret: Record<string, string>,
  inText = secret,
): Record<string, string> {
  const of = (names: Record<string, string>, valueOf: (name: string) => string) =>
    Object.fromEntries(Object.entries(names).map(([variable, name]) => [variable, valueOf(name)]));
  return {
    ...of(wanted.ports, (service) => port[service]!),
    ...of(wanted.secrets, (path) => secret[path]!),
    ...of(wanted.env, (text) => fillTemplate(text, { port, secret: inText })),
  };
}

// All at once: they share one connection, and each answer takes as long as all.
async function each<Found>(names: readonly string[], find: (name: string) => Promise<Found>): Promise<Record<string, Found>> {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await find(name)])));
}

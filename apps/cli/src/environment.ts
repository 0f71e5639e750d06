import { findProjectFile } from '@supervisor/client';
import type { Caller } from './caller.js';
import { UsageError } from './input.js';
import { readProjectFile, type ProjectFile } from './project-file.js';

/** What a program is to find in its environment. */
export type Wanted = Pick<ProjectFile, 'ports' | 'secrets'>;

/** The flags with which `run` and `env` add to the project file. */
export const wantedFlags = {
  secret: { type: 'string', multiple: true },
  port: { type: 'string', multiple: true },
} as const;

/** What the project file wants, and the flags besides: a flag wins over the file. @throws UsageError */
export function readWanted(directory: string, flags: { secret?: string[] | undefined; port?: string[] | undefined }): Wanted {
  const file = readProjectFile(directory);
  return {
    ports: { ...file.ports, ...pairs('--port', 'NAME=service', flags.port) },
    secrets: { ...file.secrets, ...pairs('--secret', 'NAME=path', flags.secret) },
  };
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

/** The ports of the wanted services by variable; a service that has none yet gets one. */
export function grantsOf(caller: Caller, { ports }: Wanted): Promise<Record<string, Granted>> {
  if (Object.keys(ports).length > 0) void caller.place;
  return each(ports, (service) => caller.call('allocate_port', { service }));
}

/** The same as a program's environment has them. */
export async function portsOf(caller: Caller, wanted: Wanted): Promise<Record<string, string>> {
  return variables(await grantsOf(caller, wanted));
}

export function variables(grants: Record<string, Granted>): Record<string, string> {
  return Object.fromEntries(Object.entries(grants).map(([name, { port }]) => [name, String(port)]));
}

/** The values of the wanted secrets by variable, for a program: none of them may be shown. */
export async function secretsOf(caller: Caller, { secrets }: Wanted): Promise<Record<string, string>> {
  const paths = [...new Set(Object.values(secrets))];
  if (paths.length === 0) return {};
  const { secrets: found } = await caller.call('use_secrets', { paths });
  const values = new Map((found as { path: string; value: string }[]).map(({ path, value }) => [path, value]));
  return Object.fromEntries(Object.entries(secrets).map(([name, path]) => [name, values.get(path)!]));
}

/** The same for a person, who is shown only what may be shown. */
export function revealedSecretsOf(caller: Caller, { secrets }: Wanted): Promise<Record<string, string>> {
  return each(secrets, async (path) => (await caller.call('retrieve_secret', { path })).value);
}

// All at once: they share one connection, and each answer takes as long as all.
async function each<Found>(names: Record<string, string>, find: (of: string) => Promise<Found>): Promise<Record<string, Found>> {
  return Object.fromEntries(await Promise.all(Object.entries(names).map(async ([name, of]) => [name, await find(of)])));
}

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from './caller.js';
import { followPort, movedIn, splitKey, stillNamed, type Moved } from './find/addresses.js';
import { placesFor, replaceValue, variablesIn, type FoundKey } from './find/dotenv.js';
import type { FoundProject, Part } from './find/projects.js';
import type { FoundService } from './find/service.js';
import { maySet, readOwnProjectFile, withFound, writeProjectFile, type ProjectFile } from './project-file.js';
import { referenceTo } from './reference.js';
import { decodeUtf8 } from './read-text.js';
import { replaceFile } from './replace-file.js';

/** Takes a project's ports into the ledger and its keys into secrets. Repeating it changes nothing. @returns what was done, a line each */
export async function importProject(caller: Caller, { project, parts }: FoundProject): Promise<string[]> {
  const lines: string[] = [];
  /** Value to path: a key that lies in several files is one secret. */
  const stored = new Map<string, string>();
  const changes: Change[] = [];
  const kept = new Set<number>();
  for (const { folder, services, given } of parts) {
    for (const service of services) {
      const isGiven = given.includes(service.variable);
      const { port, why } = isGiven ? await givenPort(caller, project, service) : await keepPort(caller, project, service);
      if (!isGiven) lines.push(why === undefined ? `${service.service} keeps ${port}` : `${service.service} gets ${port}: ${why}`);
      if (port === service.port) kept.add(port);
      else changes.push({ folder, service: service.service, from: service.port, to: port });
    }
  }
  for (const part of parts) {
    const file = readOwnProjectFile(part.folder);
    const found: ProjectFile = { project, ports: { ...file.ports }, secrets: {}, env: {} };
    for (const { service, variable } of part.services) if (!part.given.includes(variable)) found.ports[variable] = service;
    // What another part of the project keeps may be what is meant.
    const moved = changes.filter(({ folder, from }) => folder === part.folder || !kept.has(from));
    // As they are before their lines change; what is built from its port follows it.
    const named = variablesIn(part.folder);
    try {
      for (const key of part.keys) lines.push(await moveKey(caller, project, part.folder, key, { moved, stored, found }));
    } finally {
      // What was moved until then is found again only here.
      writeProjectFile(part.folder, { project, ports: found.ports, ...withFound(file, found) });
    }
    const built = withFound(file, found).env;
    const others = named.filter(([name]) => !Object.hasOwn(built, name));
    lines.push(...stillNamed(others, part.keys, moved), ...inHistory(part));
  }
  const fixed = parts.flatMap(({ folder, services }) => services.filter(({ edit }) => edit).map((service) => ({ folder, ...service })));
  for (const { folder, file, service, variable } of fixed)
    lines.push(`${file} does not take the port of ${service} from ${variable} yet: supervisor init in ${folder} shows the edit`);
  if (stored.size > 0 || changes.length > 0) lines.push('Start it with: supervisor run -- COMMAND, which gives its ports and keys.');
  return lines;
}

/** A port that a project cannot keep. */
interface Change extends Moved {
  folder: string;
}

// What was committed stays readable there.
function inHistory({ folder, keys }: Part): string[] {
  const files = [...new Set(keys.map(({ file }) => file))];
  const listed = files.length === 0 ? undefined : spawnSync('git', ['-C', folder, 'ls-files', '--', ...files], { encoding: 'utf8' });
  const tracked = (listed?.stdout ?? '').split('\n').filter(Boolean);
  return tracked.map((file) => `${file} is in git, whose history keeps the keys: change them where they were issued`);
}

async function keepPort(caller: Caller, project: string, { service, port }: FoundService): Promise<{ port: number; why?: string }> {
  try {
    await caller.call('allocate_specific_port', { project, service, port });
    return { port };
  } catch (error) {
    if (!(error instanceof SupervisorError) || !['conflict', 'invalid_input'].includes(error.code)) throw error;
    // Somebody else has it, this service has another one already, or it is no port to hand out.
    const grant = await caller.call('allocate_port', { project, service });
    return { port: grant.port, why: error.message.split('. ')[0]! };
  }
}

async function givenPort(caller: Caller, project: string, { service }: FoundService): Promise<{ port: number; why?: string }> {
  return (await caller.call('allocate_port', { project, service })) as { port: number };
}

// The secret is stored before the file lets go of it.
async function moveKey(
  caller: Caller,
  project: string,
  folder: string,
  key: FoundKey,
  { moved, stored, found }: { moved: readonly Moved[]; stored: Map<string, string>; found: ProjectFile },
): Promise<string> {
  if (!maySet(key.variable)) return `${key.file} keeps ${key.variable}: .supervisor.json may not set that variable`;
  if (key.builtFrom !== undefined) return `${key.file} keeps ${key.variable}: it is built from ${key.builtFrom}`;
  const file = join(folder, key.file);
  const text = decodeUtf8(readFileSync(file));
  // An address of the project's own service is built from its port at every start; only the password in it is a secret.
  const change = movedIn(key.value, moved);
  const split = change && splitKey(key);
  const secret = split?.secret ?? key;
  const inFile = (path: string) => (change && split ? followPort(split.around(path), change) : referenceTo(path));
  const replaced = (path: string) => (text === undefined ? undefined : replaceValue(text, key.variable, inFile(path)));
  const known = stored.get(secret.value);
  if (replaced(known ?? `${project}/${secret.proposedPath}`) === undefined)
    return `${key.file} keeps ${key.variable}: its line could not be replaced`;
  const path = known ?? (await storeNew(caller, project, secret));
  stored.set(secret.value, path);
  replaceFile(file, replaced(path)!);
  // That of the weightiest file comes first, and stays.
  const isFirst = !Object.hasOwn({ ...found.secrets, ...found.env }, key.variable);
  const [now, into] = split ? [inFile(path), found.env] : [path, found.secrets];
  if (isFirst) into[key.variable] = now;
  return `${key.variable} is now ${now}`;
}

// What stands at a path already is another secret: two keys of one provider, or one variable in two files.
async function storeNew(caller: Caller, project: string, key: FoundKey): Promise<string> {
  for (const place of placesFor(key)) {
    const path = `${project}/${place}`;
    try {
      await caller.call('store_secret', { path, value: key.value, description: `${key.variable} of ${key.file}`, ifVersion: 0 });
      return path;
    } catch (error) {
      if (!(error instanceof SupervisorError) || error.code !== 'conflict') throw error;
    }
  }
  throw new SupervisorError('conflict', `${project} has too many secrets called ${key.variable}. Move this one by hand.`);
}

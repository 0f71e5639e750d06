import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from './caller.js';
import { placesFor, replaceValue, variablesIn, type FoundKey } from './find/dotenv.js';
import type { FoundProject, Part } from './find/projects.js';
import type { FoundService } from './find/service.js';
import { readOwnProjectFile, writeProjectFile } from './project-file.js';
import { referenceTo } from './reference.js';
import { decodeUtf8 } from './read-text.js';
import { replaceFile } from './replace-file.js';

/** Takes a project's ports into the ledger and its keys into secrets. Repeating it changes nothing. @returns what was done, a line each */
export async function importProject(caller: Caller, { project, parts }: FoundProject): Promise<string[]> {
  const lines: string[] = [];
  /** Value to path: a key that lies in several files is one secret. */
  const moved = new Map<string, string>();
  const changes: Change[] = [];
  const kept = new Set<number>();
  for (const part of parts) {
    const file = readOwnProjectFile(part.folder);
    const ports: Record<string, string> = { ...file.ports };
    const secrets: Record<string, string> = {};
    try {
      for (const service of part.services) {
        if (part.given.includes(service.variable)) continue;
        const { port, why } = await keepPort(caller, project, service);
        lines.push(why === undefined ? `${service.service} keeps ${port}` : `${service.service} gets ${port}: ${why}`);
        if (port !== service.port) changes.push({ folder: part.folder, from: service.port, to: port });
        else kept.add(port);
        ports[service.variable] = service.service;
      }
      for (const key of part.keys) {
        const path = await moveKey(caller, project, part.folder, key, moved);
        if (path === undefined) lines.push(`${key.file} keeps ${key.variable}: its line could not be replaced`);
        else lines.push(`${key.variable} is now ${path}`);
        if (path !== undefined) secrets[key.variable] ??= path;
      }
    } finally {
      // What was moved until then is found again only here.
      writeProjectFile(part.folder, { project, ports, secrets: { ...file.secrets, ...secrets } });
    }
  }
  for (const part of parts) {
    // What another part of the project keeps may be what is meant.
    const meant = changes.filter(({ folder, from }) => folder === part.folder || !kept.has(from));
    lines.push(...stillNamed(part, meant), ...inHistory(part));
  }
  if (moved.size > 0 || changes.length > 0) lines.push('Start it with: supervisor run -- COMMAND, which gives its ports and keys.');
  return lines;
}

/** A port that a project cannot keep. */
interface Change {
  folder: string;
  from: number;
  to: number;
}

// An address in a variable leads to whoever has that port now.
function stillNamed({ folder, keys }: Part, changes: readonly Change[]): string[] {
  const variables = [...variablesIn(folder), ...keys.map(({ variable, value }): [string, string] => [variable, value])];
  return changes.flatMap(({ from, to }) => {
    const names = variables.filter(([, value]) =>
      new RegExp(`(localhost|127\\.0\\.0\\.1|\\[::1\\]|0\\.0\\.0\\.0):${from}(?!\\d)`).test(value),
    );
    return [...new Set(names.map(([name]) => name))].map((name) => `${name} still names port ${from}: it is ${to} now`);
  });
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

// The secret is stored before the file lets go of it.
async function moveKey(caller: Caller, project: string, folder: string, key: FoundKey, moved: Map<string, string>) {
  const file = join(folder, key.file);
  const text = decodeUtf8(readFileSync(file));
  const replaced = (path: string) => (text === undefined ? undefined : replaceValue(text, key.variable, referenceTo(path)));
  const known = moved.get(key.value);
  if (replaced(known ?? `${project}/${key.proposedPath}`) === undefined) return undefined;
  const path = known ?? (await storeNew(caller, project, key));
  moved.set(key.value, path);
  replaceFile(file, replaced(path)!);
  return path;
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

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from './caller.js';
import { plainPath, replaceValue, type FoundKey } from './find/dotenv.js';
import type { FoundProject, Part } from './find/projects.js';
import type { FoundService } from './find/service.js';
import { readOwnProjectFile, writeProjectFile } from './project-file.js';
import { referenceTo } from './reference.js';
import { replaceFile } from './replace-file.js';

/** Takes a project's ports into the ledger and its keys into secrets. Repeating it changes nothing. @returns what was done, a line each */
export async function importProject(caller: Caller, { project, parts }: FoundProject): Promise<string[]> {
  const lines: string[] = [];
  for (const part of parts) {
    const file = readOwnProjectFile(part.folder);
    const ports: Record<string, string> = { ...file.ports };
    const secrets: Record<string, string> = { ...file.secrets };
    for (const service of part.services) {
      lines.push(await keepPort(caller, project, service));
      ports[service.variable] = service.service;
    }
    for (const key of part.keys) {
      const path = await moveKey(caller, project, part, key);
      lines.push(
        path === undefined ? `${key.file} keeps ${key.variable}: its line could not be replaced` : `${key.variable} is now ${path}`,
      );
      if (path !== undefined) secrets[key.variable] = path;
    }
    writeProjectFile(part.folder, { project, ports, secrets });
  }
  return lines;
}

async function keepPort(caller: Caller, project: string, { service, port }: FoundService): Promise<string> {
  try {
    await caller.call('allocate_specific_port', { project, service, port });
    return `${service} keeps ${port}`;
  } catch (error) {
    if (!(error instanceof SupervisorError) || !['conflict', 'invalid_input'].includes(error.code)) throw error;
    // Somebody else has it, this service has another one already, or it is no port to hand out.
    const grant = await caller.call('allocate_port', { project, service });
    return `${service} gets ${grant.port}: ${error.message}`;
  }
}

// The secret is stored before the file lets go of it.
async function moveKey(caller: Caller, project: string, { folder }: Part, key: FoundKey): Promise<string | undefined> {
  const { variable, file, value } = key;
  const path = await freePath(caller, project, key);
  const text = readFileSync(join(folder, file), 'utf8');
  const changed = replaceValue(text, variable, referenceTo(path));
  if (changed === undefined) return undefined;
  await caller.call('store_secret', { path, value, description: `${variable} of ${file}` });
  replaceFile(join(folder, file), changed);
  return path;
}

// Two keys of one provider are two secrets.
async function freePath(caller: Caller, project: string, { variable, proposedPath }: FoundKey): Promise<string> {
  const path = `${project}/${proposedPath}`;
  return (await caller.call('has_secret', { path })).exists ? `${project}/${plainPath(variable)}` : path;
}

import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { findProjectFile, mainFolderOf, slugOf } from '@supervisor/client';
import { slugPattern } from '@supervisor/core/slug';
import { writeAgentsBlock } from '../agents-block.js';
import type { Caller } from '../caller.js';
import { applyEdit } from '../find/edit.js';
import { movedIn, splitKey, stillNamed, type Moved } from '../find/addresses.js';
import { findKeys, referencesIn, variablesIn } from '../find/dotenv.js';
import { addressOf, variableOf } from '../find/service.js';
import { findServices } from '../find/services.js';
import { parseFlags, UsageError } from '../input.js';
import { plural } from '../plural.js';
import { maySet, readOwnProjectFile, withFound, writeProjectFile } from '../project-file.js';
import { ask } from '../prompt.js';
import { replaceFile } from '../replace-file.js';

export const usage = `Usage: supervisor init [--project SLUG]

Makes this folder a project: finds the services it starts (package.json, vite, compose, Procfile, .env), gives each a port,
writes .supervisor.json, and adds six lines to AGENTS.md or CLAUDE.md that tell agents when to ask. Where a port is fixed
in a file it shows what to write instead, and on a terminal offers to write it. Repeating it changes nothing.

  --project SLUG  the project's name; else that of .supervisor.json above, the git checkout, or the folder

Example: supervisor init
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values } = parseFlags(words, { project: { type: 'string' } });
  const folder = caller.directory;
  const looksLikeOne = ['.git', '.supervisor.json', 'package.json'].some((name) => existsSync(join(folder, name)));
  if (!looksLikeOne && !relative(folder, homedir()).startsWith('..'))
    throw new UsageError(
      `${folder} is the home folder, or contains it: every folder below would be this project. Go into the project's own.`,
    );
  const below =
    looksLikeOne || values.project !== undefined ? [] : readdirSync(folder).filter((name) => existsSync(join(folder, name, '.git')));
  if (below.length > 0)
    throw new UsageError(
      `${plural(below.length, 'git checkout')} below ${folder} would all be this one project (${below.slice(0, 3).join(', ')} …). Go into one of them, or name the one: --project SLUG. supervisor scan looks at all.`,
    );
  const project = values.project ?? caller.place.project ?? slugOf(folder);
  if (project === undefined || !slugPattern.test(project))
    throw new UsageError('Name the project: supervisor init --project SLUG, of lower-case letters, digits and dashes.');
  const services = findServices(folder, mainService(folder));
  // A worktree whose file is not committed yet has that of the main copy.
  const main = existsSync(join(folder, '.supervisor.json')) ? undefined : mainFolderOf(folder);
  const file = readOwnProjectFile(main ?? folder);
  const ports = { ...file.ports, ...Object.fromEntries(services.map(({ variable, service }) => [variable, service])) };
  const held = services.length > 0 || findProjectFile(dirname(folder)) ? [] : await heldPorts(caller, project);
  for (const { service } of held) {
    const variable = service === 'web' && ports['PORT'] === undefined ? 'PORT' : variableOf(service);
    if (!Object.values(ports).includes(service)) ports[variable] ??= service;
  }
  const references = Object.entries(referencesIn(folder)).filter(([name]) => maySet(name));
  const { secrets, env } = withFound(file, { secrets: Object.fromEntries(references) });
  writeProjectFile(folder, { project, ports, secrets, env });
  const inGit = existsSync(join(folder, '.git'));
  console.log(`${project} is set up in .supervisor.json.${inGit ? ' Commit it: every copy needs it.' : ''}`);
  for (const changed of writeAgentsBlock(folder)) console.log(`${changed} tells agents when to ask.`);

  const moved: Moved[] = [];
  for (const found of services) {
    const { port } = await caller.call('allocate_port', { project, service: found.service });
    const address = addressOf(found.service, port, found.port);
    console.log(`${found.service}: ${address}${port === found.port ? '' : ` (${found.port} in ${found.file})`}`);
    if (port !== found.port) moved.push({ service: found.service, from: found.port, to: port });
    const edited = applyEdit(folder, found);
    if (edited === undefined) continue;
    console.log(
      `  ${found.file} does not take its port from ${found.variable} yet. With this it does, and has ${found.port} without that:`,
    );
    console.log(`  - ${found.edit!.from.trim()}\n  + ${found.edit!.to.trim()}`);
    if (process.stdin.isTTY && (await ask('  Write it?'))) replaceFile(join(folder, found.file), edited);
  }
  const unseen = Object.values(ports).filter((name) => services.every(({ service }) => service !== name));
  for (const service of new Set(unseen)) {
    const { port } = await caller.call('allocate_port', { project, service });
    console.log(`${service}: ${addressOf(service, port)}`);
  }
  const keys = findKeys(folder);
  const built = keys.filter((key) => movedIn(key.value, moved) && splitKey(key)).map(({ variable }) => variable);
  const others = variablesIn(folder).filter(([name]) => !built.includes(name) && !Object.hasOwn(env, name));
  for (const line of stillNamed(others, keys, moved)) console.log(line);
  for (const name of new Set(built))
    console.log(`${name} names a port that is another one now: supervisor scan --import builds it from what its service has.`);
  if (keys.length > 0)
    console.log(
      `${keys.length} ${keys.length === 1 ? 'key lies' : 'keys lie'} in .env files: supervisor scan --import moves them into secrets.`,
    );
  console.log(
    Object.keys(ports).length > 0
      ? 'Start them with: supervisor run -- COMMAND'
      : 'No service was found; supervisor ports allocate NAME gives one a port.',
  );
}

// What was asked for by name before: no file tells of it.
async function heldPorts(caller: Caller, project: string): Promise<{ service: string; port: number }[]> {
  const { allocations } = await caller.call('list_ports', { project, limit: 500 });
  return (allocations as { service: string; port: number; instance: string }[]).filter(({ instance }) => instance === '');
}

// Below a project's folder, a part's main service has the part's name.
function mainService(folder: string): string {
  const marker = findProjectFile(dirname(folder));
  return marker !== undefined && !existsSync(join(folder, '.git')) ? (slugOf(basename(folder)) ?? 'web') : 'web';
}

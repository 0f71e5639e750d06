import { constants, existsSync, lstatSync, readdirSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { findProject, slugOf } from '@supervisor/client';
import { readOwnProjectFile } from '../project-file.js';
import { findKeys, isOpen, type FoundKey } from './dotenv.js';
import type { FoundService } from './service.js';
import { findServices } from './services.js';

/** One folder of a project that starts services or holds keys. */
export interface Part {
  folder: string;
  services: FoundService[];
  /** Variables whose ports the folder's project file gives already. */
  given: string[];
  keys: FoundKey[];
}

export interface FoundProject {
  project: string;
  folder: string;
  parts: Part[];
}

const marks = [
  '.git',
  '.supervisor.json',
  'package.json',
  'Procfile',
  'compose.yaml',
  'compose.yml',
  'docker-compose.yaml',
  'docker-compose.yml',
  '.env',
];
const skipped = new Set(['node_modules', 'dist', 'build', 'out', 'target', 'vendor', 'venv', '__pycache__', 'coverage']);
const deepest = 6;
const mostFolders = 50_000;

/** What lies below a folder. */
export interface Found {
  projects: FoundProject[];
  /** Folders that this user may not look into. */
  closed: string[];
}

/**
 * The projects at and below a folder. A git checkout is one, and so is any other folder with a package.json, a compose
 * file, a Procfile or a `.env`; linked worktrees belong to their main one. Reads only.
 * @throws Error when there are more folders than one scan may look at
 */
export function findProjects(root: string, onFolder: (count: number) => void = () => {}): Found {
  const found = new Map<string, FoundProject>();
  const closed: string[] = [];
  let count = 0;
  const visit = (folder: string, depth: number, within: FoundProject | undefined) => {
    if (!isOpen(folder, constants.R_OK | constants.X_OK)) return void closed.push(folder);
    if (++count > mostFolders) throw new Error(`There are more than ${mostFolders} folders below ${root}. Name one further down.`);
    onFolder(count);
    const git = lstatSync(join(folder, '.git'), { throwIfNoEntry: false });
    if (git?.isFile() && findProject(folder).instance !== undefined) return;
    const own = git || (!within && marks.some((name) => existsSync(join(folder, name))));
    const project = own ? newProject(folder) : within;
    if (project && project !== within) found.set(folder, project);
    if (project) addPart(project, folder);
    if (depth === deepest) return;
    for (const entry of readFolders(folder, closed)) visit(join(folder, entry), depth + 1, project);
  };
  visit(resolve(root), 0, undefined);
  return { projects: [...found.values()], closed };
}

function newProject(folder: string): FoundProject {
  return { project: findProject(folder).project ?? slugOf(folder) ?? 'project', folder, parts: [] };
}

function addPart(project: FoundProject, folder: string): void {
  const taken = new Set(project.parts.flatMap(({ services }) => services.map(({ service }) => service)));
  const [services, keys] = [findServices(folder, mainService(project.folder, folder, taken)), findKeys(folder)];
  if (services.length > 0 || keys.length > 0) project.parts.push({ folder, services, given: givenIn(folder), keys });
}

function givenIn(folder: string): string[] {
  try {
    return Object.keys(readOwnProjectFile(folder).ports);
  } catch {
    return [];
  }
}

// Two folders may have the same name, or that of what another one starts: each has a port of its own.
function mainService(root: string, folder: string, taken: ReadonlySet<string>): string {
  if (folder === root) return 'web';
  const names = [basename(folder), relative(root, folder), `${relative(root, folder)}-app`].flatMap(
    (name) => slugOf(name.split(sep).join('-')) ?? [],
  );
  return names.find((name) => !taken.has(name)) ?? names.at(-1) ?? 'web';
}

// The system may refuse what the mode allows, as macOS does below ~/Library; and what was there may be gone.
function readFolders(folder: string, closed: string[]): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !skipped.has(entry.name))
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') closed.push(folder);
    return [];
  }
}

/** A part's folder as a person reads it: empty for the project's own. */
export function partName(project: FoundProject, part: Part): string {
  return relative(project.folder, part.folder);
}

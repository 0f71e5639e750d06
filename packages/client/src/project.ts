import { SupervisorError } from '@supervisor/core/errors';
import { slugPattern, toSlug } from '@supervisor/core/slug';
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

/** The project a folder belongs to, and which worktree of it. */
export interface Place {
  project?: string | undefined;
  /** Name of the linked git worktree; absent in the main one. */
  instance?: string | undefined;
  /** The folder in the repository's `worktrees` that git keeps for that worktree as long as there is one. */
  worktree?: string | undefined;
}

const projectFile = '.supervisor.json';

/** Finds the project of a folder: `.supervisor.json` there or above, else the folder name of the main git worktree. */
export function findProject(directory: string): Place {
  try {
    return demandProject(directory);
  } catch (error) {
    if (error instanceof SupervisorError) return placeInGit(directory);
    throw error;
  }
}

/**
 * The same for who acts in the folder.
 * @throws SupervisorError `invalid_input` when `.supervisor.json` cannot be read: another project's ports would be taken
 */
export function demandProject(directory: string): Place {
  const marker = findProjectFile(directory);
  const project = marker === undefined ? undefined : readProjectFields(marker).project;
  return { ...placeInGit(directory), ...(project ? { project } : {}) };
}

function placeInGit(directory: string): Place {
  const git = findAbove(directory, '.git');
  const { project, ...copy } = git === undefined ? {} : readGit(git);
  return { ...(project ? { project } : {}), ...copy };
}

/**
 * The `.supervisor.json` of a folder: there or above; in a linked worktree that has none, as before the file is committed, that of
 * the main one. One of another user's is none: in a shared folder, anybody can put one.
 */
export function findProjectFile(directory: string): string | undefined {
  const copy = worktreeOf(directory);
  return (
    (copy && (findAbove(directory, projectFile, isOurs, copy.root) ?? findAbove(copy.mainFolder, projectFile, isOurs, copy.main))) ??
    findAbove(directory, projectFile, isOurs)
  );
}

/** The same folder in the main worktree; undefined in that one itself. */
export function mainFolderOf(directory: string): string | undefined {
  return worktreeOf(directory)?.mainFolder;
}

function worktreeOf(directory: string): { root: string; main: string; mainFolder: string } | undefined {
  const git = findAbove(directory, '.git');
  const { main } = git === undefined ? {} : readWorktree(git);
  if (git === undefined || main === undefined) return undefined;
  const root = dirname(git);
  return { root, main, mainFolder: join(main, relative(root, resolve(directory))) };
}

function findAbove(directory: string, name: string, counts: (path: string) => boolean = existsSync, top?: string): string | undefined {
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const path = join(folder, name);
    if (counts(path)) return path;
    if (folder === top || dirname(folder) === folder) return undefined;
  }
}

function isOurs(path: string): boolean {
  const user = process.getuid?.() ?? 0;
  // The link and what it leads to. In a container, root works in folders of others.
  const [link, file] = [lstatSync(path, { throwIfNoEntry: false }), statSync(path, { throwIfNoEntry: false })];
  return file !== undefined && (user === 0 || [link!, file].every(({ uid }) => uid === user || uid === 0));
}

/** What a `.supervisor.json` holds, its project checked and the rest as it stands. @throws SupervisorError `invalid_input` naming the file */
export function readProjectFields(path: string): { project?: string; [field: string]: unknown } {
  const fields = readObject(path);
  const { project } = fields;
  if (project === undefined || (typeof project === 'string' && slugPattern.test(project))) return fields as { project?: string };
  throw new SupervisorError('invalid_input', `${path}: project must be a slug of lower-case letters, digits and dashes, such as my-shop.`);
}

function readObject(path: string): Record<string, unknown> {
  try {
    const fields = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new SupervisorError('invalid_input', `${path}: this is not a JSON object.`);
}

function readGit(path: string): Place {
  const { repository, worktree } = readWorktree(path);
  if (!repository || !worktree) return { project: slugOf(dirname(path)) };
  // Bare ones are called shop.git, or lie as .bare beside their worktrees.
  const name = basename(repository).startsWith('.') ? dirname(repository) : repository.replace(/\.git$/, '');
  return { project: slugOf(name), instance: instanceOf(worktree), worktree: join(repository, 'worktrees', worktree) };
}

// In a linked worktree `.git` is a file: "gitdir: /main/.git/worktrees/<name>". Without a main one the repository is bare.
function readWorktree(path: string): { repository?: string; main?: string; worktree?: string } {
  if (statSync(path).isDirectory()) return {};
  const [, gitDirectory] = /^gitdir: (.+)$/m.exec(readFileSync(path, 'utf8')) ?? [];
  const target = resolve(dirname(path), gitDirectory?.trim() ?? '');
  const repository = dirname(dirname(target));
  if (basename(dirname(target)) !== 'worktrees') return {};
  const linked = { repository, worktree: basename(target) };
  if (basename(repository) === '.git') return { ...linked, main: dirname(repository) };
  // The folder of a submodule may end the same.
  return existsSync(join(repository, 'HEAD')) ? linked : {};
}

// A worktree may be called what no instance can. No name that git gives has a colon.
function instanceOf(worktree: string): string {
  const name = worktree.replace(/[^A-Za-z0-9 ._/@#+-]/gu, (char) => `:${char.codePointAt(0)!.toString(16)}:`).slice(0, 190);
  return /^[A-Za-z0-9]/.test(name) ? name : `wt:${name}`;
}

/** The slug that a folder's name gives; undefined when it has no letter or digit. */
export function slugOf(folder: string): string | undefined {
  return toSlug(basename(folder));
}

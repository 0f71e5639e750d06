import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** The project a folder belongs to, and which worktree of it. */
export interface Place {
  project?: string | undefined;
  /** Name of the linked git worktree; absent in the main one. */
  instance?: string | undefined;
}

/** Finds the project of a folder: `.supervisor.json` there or above, else the folder name of the main git worktree. */
export function findProject(directory: string): Place {
  const marker = findProjectFile(directory);
  const git = findAbove(directory, '.git');
  const tree = git === undefined ? {} : readGit(git);
  const project = (marker && readMarker(marker)) ?? tree.project;
  return { ...(project ? { project } : {}), ...(tree.instance ? { instance: tree.instance } : {}) };
}

/** The `.supervisor.json` of a folder: there or above. */
export function findProjectFile(directory: string): string | undefined {
  return findAbove(directory, '.supervisor.json');
}

function findAbove(directory: string, name: string): string | undefined {
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

function readMarker(path: string): string | undefined {
  try {
    const { project } = JSON.parse(readFileSync(path, 'utf8')) as { project?: unknown };
    return typeof project === 'string' ? project : undefined;
  } catch {
    return undefined;
  }
}

// In a linked worktree `.git` is a file: "gitdir: /main/.git/worktrees/<name>".
function readGit(path: string): Place {
  if (statSync(path).isDirectory()) return { project: slugOf(dirname(path)) };
  const [, gitDirectory] = /^gitdir: (.+)$/m.exec(readFileSync(path, 'utf8')) ?? [];
  const target = gitDirectory && resolve(dirname(path), gitDirectory.trim());
  const [, main, worktree] = /^(.*)\/\.git\/worktrees\/([^/]+)$/.exec(target ?? '') ?? [];
  return main && worktree ? { project: slugOf(main), instance: worktree } : { project: slugOf(dirname(path)) };
}

/** The slug that a folder's name gives; undefined when it has no letter or digit. */
export function slugOf(folder: string): string | undefined {
  const slug = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return slug || undefined;
}

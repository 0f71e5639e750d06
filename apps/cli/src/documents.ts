import { execFile } from 'node:child_process';
import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { matcher } from './glob.js';

/** A file as the service takes it. */
export interface FileDocument {
  /** Its path inside the folder, with slashes. */
  source: string;
  text: string;
  format: 'markdown' | 'plain';
}

const largestBytes = 1_000_000;
const markdown = new Set(['.md', '.mdx', '.markdown']);
const readable = new Set(
  `.md .mdx .markdown .txt .rst .adoc .org .ts .tsx .mts .cts .js .jsx .mjs .cjs .py .rb .go .rs .java .kt .kts .scala .swift .c .h .cc .cpp
  .hpp .cs .fs .php .pl .lua .r .jl .ex .exs .erl .hs .ml .clj .dart .vue .svelte .astro .html .css .scss .sass .less .sql .graphql .proto .sh
  .bash .zsh .fish .ps1 .yaml .yml .toml .json .jsonc .ini .cfg .conf .xml .tf .nix .zig .dockerfile .gradle .cmake .tex`.split(/\s+/),
);
const readableNames = new Set(['Dockerfile', 'Makefile', 'README', 'LICENSE', 'CHANGELOG', 'Justfile', 'Procfile']);
// Written by machines, for machines.
const skippedNames = /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|composer\.lock|[^/]*\.min\.(js|css)|[^/]*\.map|\.env[^/]*)$/;
const skippedFolders = new Set(['node_modules', 'dist', 'build', 'target', 'vendor', 'venv', '__pycache__', 'coverage']);

/** The paths of a folder's Markdown and code files, sorted: what git knows or would add, else all that is not hidden. */
export async function listFiles(folder: string, include: readonly string[], exclude: readonly string[]): Promise<string[]> {
  const included = include.length > 0 ? matcher(include) : isReadable;
  const excluded = matcher(exclude);
  const paths = (await listByGit(folder)) ?? (await walk(folder, ''));
  return paths.filter((path) => included(path) && !excluded(path) && !skippedNames.test(path)).toSorted();
}

/** A file's text; undefined for what is binary, too large, closed to this user or gone. */
export async function readDocument(folder: string, path: string): Promise<FileDocument | undefined> {
  const file = join(folder, path);
  // Links are not followed: they may lead out of the folder, and so may one above the file that git does not see.
  const found = (await isInside(folder, path)) ? await lstat(file).catch(() => undefined) : undefined;
  if (!found?.isFile() || found.size > largestBytes || found.size === 0) return undefined;
  const text = (await readFile(file).catch(() => undefined))?.toString();
  // A NUL, or bytes that are no UTF-8: not a text.
  if (text === undefined || text.includes('\0') || text.includes('\uFFFD') || text.trim() === '') return undefined;
  return { source: path, text, format: markdown.has(extname(path).toLowerCase()) ? 'markdown' : 'plain' };
}

async function isInside(folder: string, path: string): Promise<boolean> {
  const [root, parent] = await Promise.all([realpath(folder), realpath(dirname(join(folder, path))).catch(() => '')]);
  return parent === root || parent.startsWith(`${root}${sep}`);
}

function isReadable(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return readable.has(extname(name).toLowerCase()) || readableNames.has(name);
}

async function listByGit(folder: string): Promise<string[] | undefined> {
  const args = ['-C', folder, 'ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const listed = await promisify(execFile)('git', args, { maxBuffer: 1 << 28 }).catch(() => undefined);
  const paths = listed?.stdout.split('\0').filter(Boolean);
  return paths && [...new Set(paths)].filter((path) => !path.split('/').some((part) => skippedFolders.has(part)));
}

async function walk(folder: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  // One that this user may not look into, such as a database's, keeps nobody from the others.
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (prefix === '' || !['EACCES', 'EPERM'].includes(error.code ?? '')) throw error;
    return [];
  });
  for (const entry of entries) {
    if (entry.name.startsWith('.') || skippedFolders.has(entry.name)) continue;
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await walk(folder, path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

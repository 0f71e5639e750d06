import { realpathSync, statSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { listFiles, readDocument, type FileDocument } from '../documents.js';
import { parseFlags, UsageError } from '../input.js';

export const usage = `Usage: supervisor ingest DIR [OPTIONS]

Makes the Markdown and code files of a folder searchable, and brings them up to date when it runs again: only what changed is indexed
anew, what is gone is forgotten. Files that git ignores, binary files and files over 1 MB are left out.
The folder must be a registered root, or inside one: supervisor knowledge register-root DIR.

  --include GLOB    only these, such as 'docs/**/*.md'; may be repeated
  --exclude GLOB    not these; may be repeated
  --shared          every project finds them, not only this one
  --project SLUG    else that of this folder
  --dry-run         says what would happen
  --json            for machines

Example: supervisor ingest docs --exclude '**/old/**'
`;

const batchCharacters = 400_000;
const batchFiles = 100;
const counts = ['added', 'updated', 'unchanged', 'removed'] as const;

export async function run(words: string[], caller: Caller): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const globs = { type: 'string', multiple: true } as const;
  const options = { include: globs, exclude: globs, project: text, shared: flag, 'dry-run': flag, json: flag };
  const { values, positionals } = parseFlags(words, options, 1);
  if (positionals[0] === undefined) throw new UsageError('Missing: DIR');
  const folder = existing(resolve(caller.directory, positionals[0]));
  const project: Record<string, string> = values.project === undefined ? {} : { project: values.project };
  const dryRun = values['dry-run'] === true;
  const root = await findRoot(folder, caller, project);
  // A folder inside the root: its files are named from the root, and only they may be found gone.
  const prefix = relative(root, folder).split(sep).join('/');
  const inFolder = (source: string) => prefix === '' || source.startsWith(`${prefix}/`);
  const globbed = (values.include ?? []).length > 0 || (values.exclude ?? []).length > 0;
  const files = await listFiles(folder, values.include ?? [], values.exclude ?? []);
  const done = { added: 0, updated: 0, unchanged: 0, removed: 0, redactions: 0 };
  const sources = new Set<string>();
  let batch: FileDocument[] = [];
  let size = 0;
  const send = async () => {
    const visibility = values.shared ? 'shared' : 'project';
    const answer = await caller.call('ingest_documents', { ...project, root, documents: batch, visibility, dryRun });
    for (const what of counts) {
      done[what] += answer[what].length;
      for (const source of answer[what]) sources.add(source);
      if (dryRun && what !== 'unchanged') for (const source of answer[what]) console.error(`${what}: ${source}`);
    }
    done.redactions += answer.redactions;
    batch = [];
    size = 0;
  };
  for (const [index, path] of files.entries()) {
    const document = await readDocument(folder, path);
    if (!document) continue;
    document.source = prefix === '' ? document.source : `${prefix}/${document.source}`;
    batch.push(document);
    size += document.text.length;
    if (size > batchCharacters || batch.length === batchFiles) await send();
    progress(index + 1, files.length);
  }
  if (batch.length > 0) await send();
  // With a choice of files, those not chosen are not gone.
  if (!globbed)
    done.removed += await removeGone(caller, { ...project, root }, (source) => inFolder(source) && !sources.has(source), dryRun);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (values.json) return console.log(JSON.stringify({ root, ...done, dryRun }));
  console.log(`${dryRun ? 'Would be: ' : ''}${counts.map((what) => `${done[what]} ${what}`).join(', ')}.`);
  if (done.redactions > 0) console.log(`${done.redactions} secrets were taken out before anything was stored.`);
}

function existing(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new SupervisorError('not_found', `There is no folder ${path}.`);
  return realpathSync(path);
}

async function findRoot(folder: string, caller: Caller, project: Record<string, string>): Promise<string> {
  const own = Object.keys(project).length > 0 ? project : caller.place.project === undefined ? {} : { project: caller.place.project };
  const { roots } = await caller.call('list_roots', own);
  const holds = (root: { path: string }) => folder === root.path || folder.startsWith(`${root.path}${sep}`);
  const found = (roots as { path: string }[]).filter(holds).toSorted((a, b) => b.path.length - a.path.length)[0];
  if (found) return found.path;
  const flag = Object.values(project).map((name) => ` --project ${name}`)[0] ?? '';
  throw new SupervisorError(
    'not_found',
    `${folder} is not in a registered root. Register it first: supervisor knowledge register-root ${folder}${flag}`,
  );
}

async function removeGone(caller: Caller, root: object, isGone: (source: string) => boolean, dryRun: boolean): Promise<number> {
  const gone: string[] = [];
  for await (const { documents } of caller.pages('list_documents', { ...root, limit: 500 }))
    gone.push(...documents.map(({ source }: { source: string }) => source).filter(isGone));
  if (dryRun) {
    for (const source of gone) console.error(`removed: ${source}`);
    return gone.length;
  }
  for (let start = 0; start < gone.length; start += 100) {
    await caller.call('remove_documents', { ...root, sources: gone.slice(start, start + 100) });
  }
  return gone.length;
}

function progress(done: number, total: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done} of ${total} files`);
}

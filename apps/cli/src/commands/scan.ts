import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { SupervisorError } from '@supervisor/core/errors';
import type { Home } from '@supervisor/core/home';
import type { Caller } from '../caller.js';
import { importProject } from '../import-project.js';
import { findProjects } from '../find/projects.js';
import { summarise, type Findings } from '../find/findings.js';
import { parseFlags } from '../input.js';
import { plural } from '../plural.js';
import { ask, requireTerminal } from '../prompt.js';

export const usage = `Usage: supervisor scan [DIR] [--import] [--json]

Looks through the projects below a folder (else the working directory) and tells which ports they want, who collides,
and which keys lie in which .env files, by fingerprint and never by value. It changes nothing.

  --import  then, for each project and after asking: keep its ports in the ledger, and move its keys into secrets; the
            .env files keep references. Needs a terminal
  --json    for machines

Example: supervisor scan ~/code
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { import: { type: 'boolean' }, json: { type: 'boolean' } }, 1);
  if (values.import) requireTerminal('scan --import asks before it changes a project');
  const root = resolve(caller.directory, positionals[0] ?? '.');
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new SupervisorError('not_found', `${root} is not a folder.`);
  const found = findProjects(root, showProgress);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const findings = summarise(root, found, salt(caller.home));
  process.stdout.write(values.json ? `${JSON.stringify(findings)}\n` : report(root, findings));
  const open = findings.projects.some(({ services, keys }) => keys.length > 0 || services.some(({ given }) => !given));
  if (open && !values.import && !values.json)
    console.log(`${['supervisor scan', ...positionals, '--import'].join(' ')} takes them over, and asks before each project.`);
  if (!values.import) return;
  for (const [index, project] of found.projects.entries()) {
    const { keys } = findings.projects[index]!;
    const services = project.parts.flatMap((part) => part.services.filter(({ variable }) => !part.given.includes(variable)));
    if (services.length + keys.length === 0) continue;
    const ports = services.map(({ service, port }) => `${port} for ${service}`).join(', ');
    const what = [...(ports ? [`keep ${ports}`] : []), ...(keys.length > 0 ? [`move ${plural(keys.length, 'key')} into secrets`] : [])];
    if (!(await ask(`\n${project.project}: ${what.join('; ')}. Go on?`))) continue;
    for (const line of await importProject(caller, project)) console.log(`  ${line}`);
  }
}

function report(root: string, { projects, collisions, repeatedKeys, sameNames, closed }: Findings): string {
  const width = Math.max(0, ...projects.map(({ project }) => project.length));
  const lines = projects.map(({ project, services, keys }) => {
    const shown = services.map(({ service, port, file, given }) => (given ? `${service} by Supervisor` : `${service} ${port} (${file})`));
    const ports = shown.join(', ') || 'no ports';
    const files = [...new Set(keys.map(({ file }) => file))].join(', ');
    return `  ${project.padEnd(width)}  ${ports}${keys.length > 0 ? `; ${plural(keys.length, 'key')} in ${files}` : ''}`;
  });
  const problems = [
    ...collisions.map(({ port, wantedBy }) => `  ${joined(wantedBy)} ${wantedBy.length === 2 ? 'both' : 'all'} want ${port}`),
    ...repeatedKeys.map(({ fingerprint, files }) => `  the key ${fingerprint} lies in ${files.length} files: ${files.join(', ')}`),
    ...sameNames.map(({ project, folders }) => `  ${joined(folders)} are all named ${project}: give one a .supervisor.json`),
  ];
  const unseen = closed.length > 0 ? [`Not looked at, for want of permission: ${closed.join(', ')}.`] : [];
  const count = `${plural(projects.length, 'project')} below ${root}`;
  return [count, ...lines, '', ...(problems.length > 0 ? ['Worth a look', ...problems] : ['Nothing collides.']), ...unseen, ''].join('\n');
}

function joined(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function showProgress(count: number): void {
  if (process.stderr.isTTY && count % 500 === 0) process.stderr.write(`\r${count} folders …`);
}

// The same key has the same fingerprint in every scan of this home, and another one elsewhere.
function salt(home: Home): string {
  try {
    return (JSON.parse(readFileSync(home.instance, 'utf8')) as { id: string }).id;
  } catch {
    return randomUUID();
  }
}

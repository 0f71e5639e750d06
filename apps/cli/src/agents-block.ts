import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './replace-file.js';

const start = '<!-- supervisor -->';
const end = '<!-- /supervisor -->';

const block = `${start}
## Ports, keys and times come from Supervisor
- Never pick a port. Start servers with \`supervisor run -- COMMAND\`; \`supervisor url SERVICE\` names their address; allocate_port gives a new service one.
- Before asking a person for a key: list_secrets. Never print a value, or write one into a file.
- When work begins: start_task; when it ends: complete_task. Before promising a time: estimate_task.
${end}
`;

/** The files that agents read, of those that are there; AGENTS.md when there is none. */
function agentFiles(folder: string): string[] {
  const found = ['AGENTS.md', 'CLAUDE.md'].filter((name) => existsSync(join(folder, name)));
  // One that only points at the other needs no block of its own.
  const own = found.filter((name) => {
    const path = join(folder, name);
    return !lstatSync(path).isSymbolicLink() && !/^@AGENTS\.md\s*$/m.test(readFileSync(path, 'utf8'));
  });
  return own.length > 0 ? own : ['AGENTS.md'];
}

/** Tells a project's agents when to ask. An older block is replaced, all else stays. @returns the files it changed */
export function writeAgentsBlock(folder: string): string[] {
  return agentFiles(folder).filter((name) => {
    const path = join(folder, name);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const changed = withBlock(text);
    if (changed !== text) replaceFile(path, changed);
    return changed !== text;
  });
}

function withBlock(text: string): string {
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from !== -1 && to > from) return `${text.slice(0, from)}${block.trimEnd()}${text.slice(to + end.length)}`;
  return text === '' ? block : `${text.trimEnd()}\n\n${block}`;
}

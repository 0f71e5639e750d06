import type { Caller } from './caller.js';

/** What a command of the caller's own process is made of. Operations need none: their commands derive from them. */
export interface CommandModule {
  /** The whole text of `--help`, with an example. */
  usage: string;
  /** @param words what stands after the command's own words */
  run(words: string[], caller: Caller): Promise<void> | void;
}

interface CommandEntry {
  /** One or two words, such as `keys rotate`. */
  command: string;
  summary: string;
  /** Loaded only when it is asked for: the others cost a start nothing. */
  load(): Promise<CommandModule>;
}

/** The commands that touch the caller's files, processes or terminal. */
export const commands: readonly CommandEntry[] = [
  { command: 'start', summary: 'Start the service in the background', load: () => import('./commands/start.js') },
  { command: 'stop', summary: 'Stop it, and keep it stopped until start', load: () => import('./commands/stop.js') },
  { command: 'logs', summary: "Show the end of the service's log", load: () => import('./commands/logs.js') },
  {
    command: 'init',
    summary: 'Make this folder a project: its services, ports and a word to its agents',
    load: () => import('./commands/init.js'),
  },
  {
    command: 'scan',
    summary: 'Tell which ports and keys the projects below a folder have, and import them',
    load: () => import('./commands/scan.js'),
  },
  { command: 'run', summary: 'Run a command with its ports and secrets in the environment', load: () => import('./commands/run.js') },
  { command: 'env', summary: 'Print the ports and secrets of this project as variables', load: () => import('./commands/env.js') },
  { command: 'url', summary: "Print a service's address", load: () => import('./commands/url.js') },
  { command: 'mcp', summary: 'Be the MCP server of an agent (what a host runs)', load: () => import('./commands/mcp.js') },
  { command: 'learn', summary: 'Keep what was learned', load: () => import('./commands/learn.js') },
  { command: 'search', summary: 'Find what projects learned and documented', load: () => import('./commands/search.js') },
  { command: 'ingest', summary: 'Make the files of a folder searchable', load: () => import('./commands/ingest.js') },
  { command: 'knowledge export', summary: 'Write what was learned as JSONL', load: () => import('./commands/knowledge-export.js') },
  { command: 'knowledge import', summary: 'Store exported JSONL', load: () => import('./commands/knowledge-import.js') },
  { command: 'knowledge evaluate', summary: 'Measure retrieval on a collection', load: () => import('./commands/knowledge-evaluate.js') },
];

/** The command that the words begin with; the one with more words wins. */
export function findCommand(words: readonly string[]): CommandEntry | undefined {
  const matching = commands.filter(({ command }) => command.split(' ').every((word, index) => words[index] === word));
  return matching.toSorted((a, b) => b.command.length - a.command.length)[0];
}

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
  { command: 'backup', summary: 'Write all that is stored to one file', load: () => import('./commands/backup.js') },
  { command: 'restore', summary: 'Make this home what it was when a backup was made', load: () => import('./commands/restore.js') },
  { command: 'logs', summary: "Show the end of the service's log", load: () => import('./commands/logs.js') },
  { command: 'mcp', summary: 'Be the MCP server of an agent (what a host runs)', load: () => import('./commands/mcp.js') },
];

/** The command that the words begin with; the one with more words wins. */
export function findCommand(words: readonly string[]): CommandEntry | undefined {
  const matching = commands.filter(({ command }) => command.split(' ').every((word, index) => words[index] === word));
  return matching.toSorted((a, b) => b.command.length - a.command.length)[0];
}

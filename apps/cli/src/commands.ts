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
  {
    command: 'keys check',
    summary: 'Say which keys a backup needs, and whether they are here',
    load: () => import('./commands/keys-check.js'),
  },
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
  { command: 'render', summary: 'Write a file from a template with its ports and secrets', load: () => import('./commands/render.js') },
  {
    command: 'secrets import',
    summary: 'Store the secrets of a .env, JSON or YAML file',
    load: () => import('./commands/secrets-import.js'),
  },
  {
    command: 'secrets export',
    summary: 'Write secrets, or references to them, to such a file',
    load: () => import('./commands/secrets-export.js'),
  },
  { command: 'env', summary: 'Print the ports and secrets of this project as variables', load: () => import('./commands/env.js') },
  { command: 'url', summary: "Print a service's address", load: () => import('./commands/url.js') },
  { command: 'tunnel run', summary: 'Run cloudflared for the services that are exposed', load: () => import('./commands/tunnel-run.js') },
  { command: 'ports map', summary: "Draw every project's range of ports", load: () => import('./commands/ports-map.js') },
  {
    command: 'mcp install',
    summary: 'Connect Claude Code, Claude Desktop, Cursor, VS Code or Codex',
    load: () => import('./commands/mcp-install.js'),
  },
  { command: 'doctor', summary: 'Say what is wrong here, and how to mend it', load: () => import('./commands/doctor.js') },
  {
    command: 'service install',
    summary: 'Let the system start the service at every login',
    load: () => import('./commands/service-install.js'),
  },
  { command: 'service remove', summary: 'Let it no longer', load: () => import('./commands/service-remove.js') },
  { command: 'uninstall', summary: 'Take Supervisor out of this machine; the home is kept', load: () => import('./commands/uninstall.js') },
  { command: 'login', summary: 'Keep a token for a service on another machine', load: () => import('./commands/login.js') },
  { command: 'logout', summary: 'Forget that token', load: () => import('./commands/logout.js') },
  { command: 'mcp', summary: 'Be the MCP server of an agent (what a host runs)', load: () => import('./commands/mcp.js') },
  { command: 'learn', summary: 'Keep what was learned', load: () => import('./commands/learn.js') },
  { command: 'search', summary: 'Find what projects learned and documented', load: () => import('./commands/search.js') },
  { command: 'ingest', summary: 'Make the files of a folder searchable', load: () => import('./commands/ingest.js') },
  { command: 'knowledge export', summary: 'Write what was learned as JSONL', load: () => import('./commands/knowledge-export.js') },
  { command: 'knowledge import', summary: 'Store exported JSONL', load: () => import('./commands/knowledge-import.js') },
  { command: 'knowledge evaluate', summary: 'Measure retrieval on a collection', load: () => import('./commands/knowledge-evaluate.js') },
  { command: 'tasks import', summary: 'Add tasks that are over, also from transcripts', load: () => import('./commands/tasks-import.js') },
  { command: 'tasks export', summary: 'Write all tasks as JSONL', load: () => import('./commands/tasks-export.js') },
  { command: 'tasks replay', summary: 'Score estimates on a history of tasks', load: () => import('./commands/tasks-replay.js') },
];

/** What `supervisor` alone shows. */
export const screen = {
  command: '',
  summary: 'Show each project with its ports, tasks and errors',
  load: () => import('./commands/screen.js'),
};

/** The command that the words begin with; the one with more words wins. */
export function findCommand(words: readonly string[]): CommandEntry | undefined {
  const matching = commands.filter(({ command }) => command.split(' ').every((word, index) => words[index] === word));
  return matching.toSorted((a, b) => b.command.length - a.command.length)[0];
}

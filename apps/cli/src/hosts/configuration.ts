import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Home } from '@supervisor/core/home';
import { pipeProgram } from '../program.js';
import { replaceFile } from '../replace-file.js';
import type { Entry, Host } from './host.js';
import { readJsonEntry, writeJsonEntry } from './json-config.js';
import { readTomlEntry, writeTomlEntry } from './toml-config.js';

/** How a host and we stand: `absent` the program is not there, `foreign` our name is somebody else's. */
export type HostState = 'absent' | 'none' | 'current' | 'outdated' | 'foreign';

/** What a host is to start: absolute paths, since it has neither our folder nor our environment. */
export function entryFor(home: Home, url?: string): Entry {
  const [command = process.execPath, ...args] = pipeProgram;
  const usual = home.directory === join(homedir(), '.supervisor');
  return { command, args: [...args, ...(usual ? [] : ['--home', home.directory]), ...(url === undefined ? [] : ['--url', url])] };
}

/** @throws SupervisorError `conflict` when its configuration cannot be read */
export function stateOf(host: Host, entry: Entry): HostState {
  if (!existsSync(host.path) && !existsSync(host.trace)) return 'absent';
  const found = readEntry(host, readConfiguration(host));
  if (found === undefined) return 'none';
  if (found.command === entry.command && JSON.stringify(found.args) === JSON.stringify(entry.args)) return 'current';
  return found.args?.some((word) => word.endsWith('/apps/mcp-server/dist/main.js')) ? 'outdated' : 'foreign';
}

/** Writes our entry into a host's configuration, or takes it out. */
export function writeEntry(host: Host, entry: Entry | undefined): void {
  const text = readConfiguration(host);
  const write = host.format === 'json' ? writeJsonEntry : writeTomlEntry;
  mkdirSync(dirname(host.path), { recursive: true });
  replaceFile(host.path, write(host, text, entry), 0o600);
}

function readConfiguration({ path }: Host): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function readEntry(host: Host, text: string): Entry | undefined {
  return host.format === 'json' ? readJsonEntry(host, text) : readTomlEntry(host, text);
}

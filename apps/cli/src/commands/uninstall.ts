import { lstatSync, readlinkSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '../caller.js';
import { entryFor, stateOf, writeEntry } from '../hosts/configuration.js';
import { hosts } from '../hosts/host.js';
import { parseFlags, UsageError } from '../input.js';
import { ask, requireTerminal } from '../prompt.js';
import { removeUnit, unitFor } from '../unit.js';
import { run as stop } from './stop.js';

export const usage = `Usage: supervisor uninstall

Takes Supervisor out of this machine: stops the service, and removes its unit, its link in ~/.local/bin and its entries in
the hosts' configurations. The home with its secrets is named, and kept.

Example: supervisor uninstall
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  parseFlags(words, {});
  requireTerminal('uninstall asks first');
  const { home } = caller;
  const entry = entryFor(home);
  const connected = hosts().filter((host) => ['current', 'outdated'].includes(stateOf(host, entry)));
  const what = ['the service is stopped', ...connected.map(({ title }) => `${title} is disconnected`), 'unit and link are removed'];
  if (!(await ask(`${what.join('; ')}. Go on?`))) throw new UsageError('Nothing was done.');
  await stop([], caller);
  const unit = unitFor(home);
  if (removeUnit(unit)) console.log(`Removed: ${unit.path}`);
  for (const host of connected) {
    writeEntry(host, undefined);
    console.log(`Disconnected: ${host.path}`);
  }
  const link = join(homedir(), '.local', 'bin', 'supervisor');
  if (isOurs(link, home.command)) {
    rmSync(link);
    console.log(`Removed: ${link}`);
  }
  console.log(`Kept: ${home.directory}, with every secret, port and task. Without a copy of its key a backup is worth nothing.`);
}

function isOurs(link: string, command: string): boolean {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(link) === command;
}

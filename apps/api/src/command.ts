import { lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Home } from '@supervisor/core';

const cli = fileURLToPath(new URL('../../cli/dist/main.cjs', import.meta.url));

/**
 * Writes the `supervisor` command of this home, and links that of the usual home into `~/.local/bin` when that is on PATH.
 * @returns what a person types to run it: `supervisor`, or the whole path.
 */
export function installCommand(home: Home): string {
  mkdirSync(dirname(home.command), { recursive: true, mode: 0o700 });
  const script = [
    '#!/bin/sh',
    `[ -n "$SUPERVISOR_HOME" ] || SUPERVISOR_HOME=${quote(home.directory)}`,
    'export SUPERVISOR_HOME',
    `node=${quote(process.execPath)}`,
    // A version manager takes away what it replaces.
    '[ -x "$node" ] || node=node',
    `exec "$node" ${quote(cli)} "$@"`,
    '',
  ].join('\n');
  writeFileSync(`${home.command}.new`, script, { mode: 0o755 });
  renameSync(`${home.command}.new`, home.command);
  // The short name belongs to the usual home; another one never takes it.
  if (home.directory !== join(homedir(), '.supervisor')) return home.command;
  const folder = join(homedir(), '.local', 'bin');
  const onPath = (process.env['PATH'] ?? '').split(delimiter).includes(folder);
  return onPath && link(home, join(folder, 'supervisor')) ? 'supervisor' : home.command;
}

/** Links the command unless something of somebody else's has the name. */
function link(home: Home, path: string): boolean {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found) {
      if (!found.isSymbolicLink() || !readlinkSync(path).endsWith('/.supervisor/bin/supervisor')) return false;
      if (readlinkSync(path) === home.command) return true;
      rmSync(path);
    }
    symlinkSync(home.command, path);
    return true;
  } catch {
    return false;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

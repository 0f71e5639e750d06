import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Home } from '@supervisor/core/home';
import type { Finding } from './finding.js';

const oldestNode = [20, 19] as const;
const leastFreeMegabytes = 500;

export function examineNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const found = `${process.versions.node}`;
  const old = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  return { what: 'node', found, ...(old ? { mend: `install Node ${oldestNode.join('.')} or newer` } : {}) };
}

export function examineDisk({ directory }: Home): Finding {
  let folder = directory;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / 1024 ** 2);
  const low = free < leastFreeMegabytes;
  return {
    what: 'disk',
    found: `${free} MiB free`,
    ...(low ? { mend: `free some: below ${leastFreeMegabytes} MiB writes may fail` } : {}),
  };
}

/** The home and what in it is nobody else's business. */
export function examineHome(home: Home): Finding[] {
  if (!existsSync(home.directory)) return [{ what: 'home', found: `${home.directory} is not there yet`, mend: 'supervisor start' }];
  const mine = statSync(home.directory).uid === process.getuid?.();
  const findings: Finding[] = [
    mine
      ? { what: 'home', found: home.directory }
      : { what: 'home', found: `${home.directory} belongs to another user`, mend: 'set SUPERVISOR_HOME to a folder of yours' },
  ];
  const kept = [home.directory, home.instance, home.encryptionKey, home.token, home.socket, home.data].filter((path) => existsSync(path));
  const open = kept.filter((path) => (statSync(path).mode & 0o077) !== 0);
  return [
    ...findings,
    open.length === 0
      ? { what: 'permissions', found: 'home, key, token and socket are yours alone' }
      : { what: 'permissions', found: `others may read ${open.join(', ')}`, mend: `chmod -R go= ${home.directory}` },
  ];
}

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import type { Listener, ListeningProcess } from './listener.js';

const listening = '0A';

/** A listening socket as /proc/net/tcp and tcp6 list it. */
export interface ProcSocket extends Omit<Listener, 'process'> {
  inode: string;
}

/** The listening sockets in the text of /proc/net/tcp (or tcp6), those of the given ports or all. */
export function parseProcNet(text: string, ports?: ReadonlySet<number>): ProcSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, local, , state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (state !== listening || local === undefined || inode === undefined) return [];
    const [address = '', hexPort = ''] = local.split(':');
    const port = parseInt(hexPort, 16);
    if (ports && !ports.has(port)) return [];
    const family = address.length === 8 ? ('IPv4' as const) : ('IPv6' as const);
    return [{ port, family, address: parseAddress(address), uid: Number(uid), inode }];
  });
}

/**
 * Who listens in this process's network namespace. Processes are looked through until every socket has its owner.
 * @throws when /proc cannot be read.
 */
export function readProcListeners(ports?: ReadonlySet<number>): Listener[] {
  const sockets = readProcSockets(ports);
  const owners = findOwners(sockets);
  return sockets.map(({ inode, ...socket }) => ({ ...socket, process: owners.get(inode) ?? null }));
}

/** The listening sockets alone. @throws when /proc cannot be read */
export function readProcSockets(ports?: ReadonlySet<number>): ProcSocket[] {
  return [...parseProcNet(readFileSync('/proc/net/tcp', 'utf8'), ports), ...readTcp6(ports)];
}

// Absent where the kernel has no IPv6.
function readTcp6(ports: ReadonlySet<number> | undefined): ProcSocket[] {
  try {
    return parseProcNet(readFileSync('/proc/net/tcp6', 'utf8'), ports);
  } catch {
    return [];
  }
}

// Who listened when last asked most likely still does: looked at first.
const recentOwners = new Set([String(process.pid)]);

function findOwners(sockets: readonly ProcSocket[]): Map<string, ListeningProcess> {
  const own = process.getuid?.();
  // The open files of another user's process are root's to see.
  const sought = new Map(sockets.filter(({ uid }) => own === 0 || uid === own).map(({ inode }) => [`socket:[${inode}]`, inode]));
  const owners = new Map<string, ListeningProcess>();
  if (sought.size === 0) return owners;
  for (const name of [...recentOwners, ...readdirSync('/proc')]) {
    if (!/^\d+$/.test(name)) continue;
    const links = openFiles(name);
    if (links.length === 0) recentOwners.delete(name);
    for (const link of links) {
      const inode = sought.get(link);
      if (inode === undefined || owners.has(inode)) continue;
      owners.set(inode, readProcess(name));
      recentOwners.add(name);
      if (owners.size === sought.size) return owners;
    }
  }
  return owners;
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '');
  } catch {
    // Another user's, or it has just ended.
    return [];
  }
}

function readProcess(pid: string): ListeningProcess {
  return {
    pid: Number(pid),
    command: attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? 'unknown',
    cwd: attempt(() => readlinkSync(`/proc/${pid}/cwd`)) ?? null,
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

// The kernel prints each 32-bit word in its own byte order.
function parseAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => {
    const pairs = (word.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
    return endianness() === 'LE' ? pairs.toReversed() : pairs;
  });
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16));
  // A URL's host is the shortest form of the address.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Listener, ListeningProcess } from './listener.js';

/**
 * Who listens, as macOS tells: netstat sees every socket, lsof the processes of this user only (all of them as root).
 * @throws when netstat cannot be run.
 */
export async function readLsofListeners(ports?: ReadonlySet<number>): Promise<Listener[]> {
  const [sockets, owned] = await Promise.all([
    readNetstat(),
    run('lsof', ['-nP', '-iTCP', '-sTCP:LISTEN', '-FpcutPn']).then(parseLsof, () => []),
  ]);
  const chosen = sockets.filter(({ port }) => ports?.has(port) ?? true);
  const pids = [...new Set(owned.flatMap(({ process }) => (process ? [process.pid] : [])))];
  const folders =
    pids.length === 0
      ? new Map<number, string>()
      : await run('lsof', ['-a', '-dcwd', '-Fpn', `-p${pids.join()}`]).then(parseFolders, () => new Map());
  return chosen.map((socket) => {
    const owner = owned.find(({ port, family, address }) => port === socket.port && family === socket.family && address === socket.address);
    const process = owner?.process ? { ...owner.process, cwd: folders.get(owner.process.pid) ?? null } : null;
    return { ...socket, uid: owner?.uid ?? null, process };
  });
}

/** The listening sockets alone. @throws when netstat cannot be run */
export async function readNetstat(): Promise<Listener[]> {
  return parseNetstat(await run('netstat', ['-an', '-p', 'tcp']));
}

/** The listening sockets in the output of `netstat -an -p tcp` of macOS. */
export function parseNetstat(text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [protocol = '', , , local = '', , state] = line.trim().split(/\s+/);
    if (state !== 'LISTEN') return [];
    const dot = local.lastIndexOf('.');
    const port = Number(local.slice(dot + 1));
    // `tcp46` is a socket of `::` that takes IPv4 too.
    const family = protocol === 'tcp4' ? ('IPv4' as const) : ('IPv6' as const);
    return [{ port, family, address: fullAddress(local.slice(0, dot), family), uid: null, process: null }];
  });
}

/** The listening sockets in the output of `lsof -F`: a line a field, `p` starting a process and `t` a socket. */
export function parseLsof(text: string): Listener[] {
  const found: Listener[] = [];
  let process: ListeningProcess = { pid: 0, command: '', cwd: null };
  let uid: number | null = null;
  let family: Listener['family'] = 'IPv4';
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) process = { pid: Number(value), command: '', cwd: null };
    else if (line.startsWith('c')) process.command = value;
    else if (line.startsWith('u')) uid = Number(value);
    else if (line.startsWith('t')) family = value === 'IPv6' ? 'IPv6' : 'IPv4';
    else if (line.startsWith('n')) {
      const colon = value.lastIndexOf(':');
      const address = value.slice(0, colon).replace(/^\[|\]$/g, '');
      found.push({ port: Number(value.slice(colon + 1)), family, address: fullAddress(address, family), uid, process });
    }
  }
  return found;
}

function parseFolders(text: string): Map<number, string> {
  const folders = new Map<number, string>();
  let pid = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1));
    else if (line.startsWith('n')) folders.set(pid, line.slice(1));
  }
  return folders;
}

function fullAddress(address: string, family: Listener['family']): string {
  if (address !== '*') return address;
  return family === 'IPv4' ? '0.0.0.0' : '::';
}

// lsof ends with 1 when some of what it was asked for is missing, with the rest on stdout.
async function run(program: string, args: string[]): Promise<string> {
  const options = { timeout: 5000, maxBuffer: 16 * 1024 * 1024 };
  try {
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (stdout) return stdout;
    throw error;
  }
}

// On its own, so that a process that only wants to know who listens loads no database.
import type { Listener } from './listener.js';

export { describeListener, type Listener, type ListeningProcess } from './listener.js';

/**
 * Who listens on the TCP ports of this host, in this process's network namespace: one pass for all ports.
 * A port without a listener in the answer has none.
 * @param ports only these; all when absent
 * @returns null where the host does not let itself be asked: then nothing is known to be free.
 */
export async function readListeners(ports?: Iterable<number>): Promise<Listener[] | null> {
  const only = ports === undefined ? undefined : new Set(ports);
  try {
    if (process.platform === 'linux') return (await import('./proc-listeners.js')).readProcListeners(only);
    return await (await import('./lsof-listeners.js')).readLsofListeners(only);
  } catch {
    return null;
  }
}

/** The ports that anybody listens on: much cheaper than who it is. Null as above. */
export async function readListeningPorts(): Promise<number[] | null> {
  try {
    const linux = process.platform === 'linux';
    const sockets = linux
      ? (await import('./proc-listeners.js')).readProcSockets()
      : await (await import('./lsof-listeners.js')).readNetstat();
    return [...new Set(sockets.map(({ port }) => port))];
  } catch {
    return null;
  }
}

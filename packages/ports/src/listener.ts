/** A socket that listens on a TCP port of this host. */
export interface Listener {
  port: number;
  family: 'IPv4' | 'IPv6';
  /** As bound: `0.0.0.0`, `::`, `127.0.0.2` … */
  address: string;
  /** Id of the user who opened it; null where the system does not tell. */
  uid: number | null;
  /** The process; null where it cannot be seen, as another user's. The port is taken all the same. */
  process: ListeningProcess | null;
}

export interface ListeningProcess {
  pid: number;
  /** The program's short name, never its arguments: those can hold secrets. */
  command: string;
  /** Its working directory; null where it cannot be seen. */
  cwd: string | null;
}

/** Names who listens for a person: `pid 4242 (node)`, or that it cannot be seen. */
export function describeListener({ process, uid }: Pick<Listener, 'process' | 'uid'>): string {
  if (process) return `pid ${process.pid} (${process.command})`;
  return uid === null ? 'a process that cannot be seen from here' : `a process of user ${uid} that cannot be seen from here`;
}

import type { Listener, ListeningProcess } from './listener.js';

/**
 * What an allocation looks like beside what listens: `confirmed` (its project listens), `idle` (nobody does), `taken` (somebody else
 * does), `unknown` (who listens cannot be seen from here, or whether anybody does), `gone` (nobody listens, and neither is there
 * the worktree that it was given to).
 */
export type State = 'confirmed' | 'idle' | 'gone' | 'taken' | 'unknown';

/** The project of a folder, and which linked worktree of it. */
export interface Place {
  project?: string | undefined;
  instance?: string | undefined;
}

/** Tells the project a process belongs to, usually by its working directory. */
export type ProjectOf = (process: ListeningProcess) => Place;

/** Who was seen to listen. */
export interface Sighting {
  address: string;
  /** Null where the process cannot be seen, as another user's. */
  pid: number | null;
  command: string | null;
  cwd: string | null;
  /** The project it belongs to, where its folder tells. */
  project: string | null;
  /** It belongs to the project and worktree that has the port. */
  yours: boolean;
}

interface Owner {
  project: string;
  instance: string;
}

// They listen for a container; whose it is, their own folder does not tell.
const proxies = /^(docker-proxy|com\.docker|rootlessport|rootlesskit|slirp4netns|pasta|gvproxy|vpnkit|OrbStack|limactl|wslrelay)/;

/** Names who listens as far as it can be seen; `owner` is who has the port, if anybody. */
export function sight({ address, process: seen }: Listener, projectOf: ProjectOf, owner?: Owner): Sighting {
  const place = seen ? projectOf(seen) : {};
  const { pid = null, command = null, cwd = null } = seen ?? {};
  return { address, pid, command, cwd, project: place.project ?? null, yours: owner !== undefined && belongs(place, pid, owner) };
}

/** Judges an allocation by who listens on its port; null when that cannot be seen. */
export function judge(
  owner: Owner,
  listeners: readonly Listener[] | null,
  projectOf: ProjectOf,
): { state: State; listener: Sighting | null } {
  if (listeners === null) return { state: 'unknown', listener: null };
  const seen = listeners.map((listener) => sight(listener, projectOf, owner));
  const listener = seen.find(({ yours }) => yours) ?? seen.find(({ pid }) => pid !== null) ?? seen[0] ?? null;
  return { state: stateOf(listener), listener };
}

function stateOf(listener: Sighting | null): State {
  if (!listener) return 'idle';
  if (listener.yours) return 'confirmed';
  return listener.command === null || proxies.test(listener.command) ? 'unknown' : 'taken';
}

// A copy that the project names by itself is run from its main folder: only another worktree is somebody else.
function belongs(place: Place, pid: number | null, owner: Owner): boolean {
  // Whoever asks about ports that it listens on itself, from a folder that tells nothing.
  if (place.project === undefined) return pid === process.pid;
  return place.project === owner.project && (place.instance === undefined || place.instance === owner.instance);
}

/** For a person: `pid 4242 (node) of blog in /home/me/blog`. */
export function describeSighting({ pid, command, cwd, project }: Sighting): string {
  if (pid === null) return 'a process that cannot be seen from here';
  return `pid ${pid} (${command})${project ? ` of ${project}` : ''}${cwd ? ` in ${cwd}` : ''}`;
}

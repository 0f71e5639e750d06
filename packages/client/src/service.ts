import { closeSync, existsSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorFromBody, SupervisorError } from '@supervisor/core/errors';
import type { Home } from '@supervisor/core/home';
import { homeFailure } from '@supervisor/core/home-failure';
import type { Build } from './build.js';
import { Rpc } from './rpc.js';

/** The command that starts a service: node and its main file. */
export type Program = readonly string[];

export interface ConnectOptions {
  onNotification?: OnNotification | undefined;
  /** A person starts it and means the settings of this environment; otherwise the home's own decide. */
  withEnvironment?: boolean | undefined;
  /** Let the settings of this environment replace those of the first start. */
  reconfigure?: boolean | undefined;
}

/** What a running service says of itself in service.json. */
export interface ServiceNote {
  pid: number;
  version: string;
  /** Null when TCP could not be had: the socket still serves. */
  url: string | null;
  /** Why there is no `url`. */
  problem?: string;
  startedAt: string;
}

/** What a service answers to `hello`. */
export interface ServiceIdentity {
  version: string;
  /** The contract's hash, as in operations.json. */
  hash: string;
  instance: string;
  pid: number;
  build?: Build;
  /** It is older than the caller, and ends now so that the caller's build can take over. */
  outdated?: true;
}

/** `yielded`: another service was faster, and has the home or fails in its turn. */
interface Start {
  state: 'running' | 'yielded' | 'failed';
  at: number;
}

type OnNotification = (method: string, params: Record<string, unknown>) => void;

const startMilliseconds = 60_000;
const yieldMilliseconds = 2000;
const endMilliseconds = 15_000;

/** The note of the service that runs, or ran last; null when there is none. */
export function readServiceNote(home: Home): ServiceNote | null {
  try {
    return JSON.parse(readFileSync(home.service, 'utf8')) as ServiceNote;
  } catch {
    return null;
  }
}

/** Connects to this home's service; null when none answers. */
export async function findService(home: Home, onNotification?: OnNotification): Promise<Rpc | null> {
  checkSocketFolder(home);
  try {
    return await Rpc.open(home.socket, onNotification);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTSOCK'].includes(code)) return null;
    throw homeFailure(error, home) ?? new SupervisorError('unavailable', `The socket ${home.socket} cannot be used (${code}).`);
  }
}

// A home with a long path has its socket in the shared temp folder, where another user could have made the place first.
function checkSocketFolder(home: Home): void {
  const folder = dirname(home.socket);
  if (folder === home.directory) return;
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found || (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0)) return;
  throw new SupervisorError('forbidden', `${folder} is not this user's alone. Remove it, or name a SUPERVISOR_HOME with a shorter path.`);
}

/**
 * Connects to this home's service and starts it when there is none. Many may do so at once: one service wins.
 * @throws SupervisorError `stopped` when a person stopped it, or the reason why it does not start.
 */
export async function ensureService(home: Home, program: Program | null, options: ConnectOptions = {}): Promise<Rpc> {
  const deadline = Date.now() + startMilliseconds;
  let start: Start | undefined;
  for (let pause = 10; ; pause = Math.min(pause * 2, 200)) {
    const rpc = await findService(home, options.onNotification);
    if (rpc) return rpc;
    refuseStopped(home);
    if (!program)
      throw new SupervisorError(
        'unavailable',
        'No service runs for this home. Start one: npm start in the Supervisor checkout, or supervisor start.',
      );
    // One that yielded to a service in its last moments is started once more.
    if (!start || (start.state === 'yielded' && Date.now() - start.at > yieldMilliseconds)) {
      start = startService(home, program, options);
    }
    if (start.state === 'failed' || (start.state === 'yielded' && existsSync(home.failure))) throw readFailure(home);
    if (Date.now() > deadline)
      throw new SupervisorError('unavailable', `The service did not start within ${startMilliseconds / 1000} s. ${home.logs} has its log.`);
    await sleep(pause);
  }
}

/** Resolves when the service of this pid has come to its end. @throws SupervisorError `unavailable` when it does not within 15 s */
export async function serviceGone(home: Home, pid: number): Promise<void> {
  const deadline = Date.now() + endMilliseconds;
  // service.json goes last.
  while (readServiceNote(home)?.pid === pid) {
    if (Date.now() > deadline)
      throw new SupervisorError('unavailable', `The service (pid ${pid}) is still ending. Look again in a moment.`);
    await sleep(50);
  }
}

function refuseStopped(home: Home): void {
  if (!existsSync(home.stopped)) return;
  const at = statSync(home.stopped).mtime.toISOString();
  throw new SupervisorError(
    'stopped',
    `Supervisor was stopped at ${at}. A person starts it again with supervisor start, or npm start in its checkout.`,
    { at },
  );
}

// Starts a service that outlives this process. Unless a person starts it, it sees nothing of the folder and the environment we run in.
function startService(home: Home, program: Program, { withEnvironment = false, reconfigure = false }: ConnectOptions): Start {
  const start: Start = { state: 'running', at: Date.now() };
  mkdirSync(home.logs, { recursive: true, mode: 0o700 });
  rmSync(home.failure, { force: true });
  const log = openSync(join(home.logs, 'service.log'), 'a', 0o600);
  const [command = process.execPath, ...args] = program;
  // Loaded only here: most pipes find a service that runs.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const manner = [withEnvironment ? '--background' : '--auto', ...(reconfigure ? ['--reconfigure'] : [])];
  const child = spawn(command, [...args, ...manner, '--home', home.directory], {
    cwd: home.directory,
    env: withEnvironment ? process.env : cleanEnvironment(),
    detached: true,
    stdio: ['ignore', log, log],
  });
  // Killed from outside is no failure of its own: it is started again.
  child.once('exit', (code, signal) => (start.state = code === 0 || signal !== null ? 'yielded' : 'failed'));
  child.once('error', () => (start.state = 'failed'));
  child.unref();
  closeSync(log);
  return start;
}

function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TZ', 'TMPDIR', 'XDG_RUNTIME_DIR', 'SUPERVISOR_PORT'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

function readFailure(home: Home): SupervisorError {
  try {
    return errorFromBody(JSON.parse(readFileSync(home.failure, 'utf8')) as object);
  } catch {
    return new SupervisorError('unavailable', `The service does not start. ${join(home.logs, 'service.log')} says why.`);
  }
}

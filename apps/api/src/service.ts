import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Build } from '@supervisor/client';
import { isPlain } from '@supervisor/core';
import { createRestServer } from '@supervisor/rest';
import {
  catalogue,
  localUrl,
  loggable,
  openSupervisor,
  originsOf,
  type Address,
  type Settings,
  type Supervisor,
} from '@supervisor/supervisor';
import { describeListener, readListeners } from '@supervisor/supervisor/listeners';
import { addAskRoutes } from './ask-routes.js';
import { IdleWatch } from './idle.js';
import { errorFields, type Log } from './log.js';
import { addMcpRoutes } from './mcp-routes.js';
import { listenOnSocket } from './socket.js';

export interface Service {
  supervisor: Supervisor;
  /** Null when the port could not be had: the socket still serves. */
  url: string | null;
  /** Why there is no TCP address, or who else the ledger gave the port to. */
  notes: string[];
  close(): Promise<void>;
}

const drainMilliseconds = 3000;
// With the drain less than Docker's ten seconds.
const closeMilliseconds = 5000;
const sweepMilliseconds = 60_000;
// An agent that lives comes back within seconds, one of an earlier build with its next call. A service that nobody calls lives
// longer than this.
const comeBackMilliseconds = 10 * 60_000;

export interface ServiceOptions extends Settings {
  log: Log;
  /** Ends when nobody has called for half an hour. */
  endIdle: boolean;
  build: Build | undefined;
  /** Somebody who may wants the service to end. */
  onEnd(why: string): void;
}

/** Opens the home and serves it: HTTP on its address, and the Unix socket. */
export async function startService({ log, endIdle, build, onEnd, ...settings }: ServiceOptions): Promise<Service> {
  const logError = (id: string, operation: string, error: unknown) =>
    log('error', `${operation} failed`, { id, ...errorFields(loggable(error)) });
  const supervisor = await openSupervisor(settings, logError);
  const { home, version, address } = supervisor;
  const { host, port, publicUrl } = address;
  const { hash, instructions } = catalogue();
  const origins = originsOf(address);
  const rest = await createRestServer({
    answerer: supervisor,
    version,
    verifyToken: (token) => supervisor.verifyToken(token),
    origins: () => origins,
    ping: () => supervisor.ping(),
    logError,
  });
  let touch = () => {};
  rest.app.addHook('onRequest', (_request, _reply, done) => {
    touch();
    done();
  });
  addMcpRoutes(rest, { answerer: supervisor, version, instructions, select: supervisor.select });

  addAskRoutes(rest, supervisor);
  const notes: string[] = [];
  const holder = await supervisor.holdPort(port);
  if (holder) notes.push(holder);
  let url: string | null = null;
  let problem: string | undefined;
  try {
    await rest.app.listen({ host, port });
    url = localUrl(address);
    servePages(supervisor, url, log);
    if (publicUrl && isPlain(publicUrl))
      notes.push(`${publicUrl} is not encrypted: whoever is on the network between can read tokens and secrets. Put a TLS proxy in front.`);
  } catch (error) {
    problem = await whyNoHttp(error, address);
    notes.push(problem);
    log('error', problem);
  }
  // Before the socket: whoever can connect can also read whose it is.
  writeFileSync(home.service, `${JSON.stringify({ pid: process.pid, version, url, problem, startedAt: new Date().toISOString() })}\n`, {
    mode: 0o600,
  });
  const identity = { version, hash, instance: supervisor.instance.id, pid: process.pid, ...(build ? { build } : {}) };
  const socket = await listenOnSocket({
    path: home.socket,
    answerer: supervisor,
    select: supervisor.select,
    identity,
    build,
    onShutdown: onEnd,
    onError: (error) => log('error', 'A session sent what is not JSON-RPC, or its call failed', errorFields(loggable(error))),
    onSessionEnd: (session) =>
      void supervisor
        .endSession(session)
        .catch((error) => log('error', 'What a session left running was not abandoned', errorFields(loggable(error)))),
  });
  rmSync(home.failure, { force: true });

  const idle = new IdleWatch(() => socket.sessions());
  touch = () => idle.touch();
  let sweeping = Promise.resolve();
  const sweeps = setInterval(() => {
    sweeping = supervisor.sweep().catch((error) => log('error', 'A sweep failed', errorFields(loggable(error))));
    if (endIdle && idle.isIdle()) onEnd('nobody has called for half an hour');
  }, sweepMilliseconds);

  const comeBack = setTimeout(() => {
    supervisor
      .endLostSessions(socket.names())
      .catch((error) => log('error', 'What lost sessions left running was not abandoned', errorFields(loggable(error))));
  }, comeBackMilliseconds);

  async function close(): Promise<void> {
    clearInterval(sweeps);
    clearTimeout(comeBack);
    await Promise.all([socket.close(), rest.close(drainMilliseconds)]);
    const closing = sweeping.then(() => supervisor.close());
    const given = sleep(closeMilliseconds, 'late' as const, { ref: false });
    if ((await Promise.race([closing, given])) === 'late')
      log('error', `It did not end within ${closeMilliseconds / 1000} s, as when the database does not answer: it ends at once`);
    rmSync(home.service, { force: true });
  }
  return { supervisor, url, notes, close };
}

function servePages({ questions }: Supervisor, url: string, log: Log): void {
  questions.serve({
    link: (id) => `${url}/ask/${id}`,
    announce: ({ path, link }) => {
      log('info', 'A person is asked for a secret', { path, link });
      if (process.stderr.isTTY) console.error(`An agent asks for ${path}. Type it at ${link}`);
    },
  });
}

/** @throws what is none of the reasons a person can mend */
async function whyNoHttp(error: unknown, { host, port }: Address): Promise<string> {
  const socket = 'no HTTP. Agents and the command line work over the socket';
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE': {
      const [listener] = (await readListeners([port])) ?? [];
      return `Port ${port} is taken by ${listener ? describeListener(listener) : 'another process'}: ${socket}. Free it, or set SUPERVISOR_PORT.`;
    }
    case 'EACCES':
      return `Port ${port} is for privileged users: ${socket}. Set SUPERVISOR_PORT to one from 1024.`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine: ${socket}. Set SUPERVISOR_HOST to one that is.`;
    default:
      throw error;
  }
}

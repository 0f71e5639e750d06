import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRestServer } from '@supervisor/rest';
import { catalogue, loggable, openSupervisor, type Settings, type Supervisor } from '@supervisor/supervisor';
import { describeListener, readListeners } from '@supervisor/supervisor/listeners';
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
const sweepMilliseconds = 60_000;

/** Opens the home and serves it: HTTP on loopback, and the Unix socket. */
export async function startService(settings: Settings, log: Log, onShutdown: () => void): Promise<Service> {
  const logError = (id: string, operation: string, error: unknown) =>
    log('error', `${operation} failed`, { id, ...errorFields(loggable(error)) });
  const supervisor = await openSupervisor(settings, logError);
  const { home, version, port } = supervisor;
  const { hash, instructions } = catalogue();
  const rest = await createRestServer({
    answerer: supervisor,
    version,
    verifyToken: (token) => supervisor.verifyToken(token),
    hosts: () => ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`),
    ping: () => supervisor.ping(),
    logError,
  });
  addMcpRoutes(rest, { answerer: supervisor, version, instructions });

  const notes: string[] = [];
  const holder = await supervisor.holdPort(port);
  if (holder) notes.push(holder);
  let url: string | null = null;
  try {
    await rest.app.listen({ host: '127.0.0.1', port });
    url = `http://127.0.0.1:${port}`;
  } catch (error) {
    if (!['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const [listener] = (await readListeners([port])) ?? [];
    notes.push(
      `Port ${port} is taken by ${listener ? describeListener(listener) : 'another process'}: no HTTP. Agents and the command line work over the socket. Free it, or set SUPERVISOR_PORT.`,
    );
  }
  // Before the socket: whoever can connect can also read whose it is.
  writeFileSync(home.service, `${JSON.stringify({ pid: process.pid, version, url, startedAt: new Date().toISOString() })}\n`, {
    mode: 0o600,
  });
  const identity = { version, hash, instance: supervisor.instance.id, pid: process.pid };
  const socket = await listenOnSocket({
    path: home.socket,
    answerer: supervisor,
    identity,
    onShutdown,
    onError: (error) => log('error', 'A session sent what is not JSON-RPC', errorFields(error)),
  });
  rmSync(home.failure, { force: true });

  let sweeping = Promise.resolve();
  const sweeps = setInterval(() => {
    sweeping = supervisor.sweep().catch((error) => log('error', 'A sweep failed', errorFields(loggable(error))));
  }, sweepMilliseconds);

  async function close(): Promise<void> {
    clearInterval(sweeps);
    await Promise.all([socket.close(), Promise.race([rest.app.close(), sleep(drainMilliseconds, undefined, { ref: false })])]);
    rest.app.server.closeAllConnections();
    await sweeping;
    await supervisor.close();
    rmSync(home.service, { force: true });
  }
  return { supervisor, url, notes, close };
}

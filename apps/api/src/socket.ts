import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, isAbsolute } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOutdated, longestLine, readLines, type Build, type ServiceIdentity } from '@supervisor/client';
import {
  agent,
  listTools,
  owner,
  slugPattern,
  SupervisorError,
  type Answerer,
  type Context,
  type Principal,
  type Toolset,
  type ToolSelection,
} from '@supervisor/core';
import { callTool } from '@supervisor/mcp';

export interface SocketOptions {
  path: string;
  answerer: Answerer<Context>;
  /** Fills in what a caller has not chosen of its tools. */
  select(selection: ToolSelection): Promise<ToolSelection>;
  /** What `hello` answers with. */
  identity: ServiceIdentity;
  /** The build that serves: it makes way for a caller of a newer one. */
  build: Build | undefined;
  onShutdown(why: string): void;
  onError(error: unknown): void;
  /** An agent's process is gone; not when it is the service that ends. */
  onSessionEnd(session: string): void;
}

interface Request {
  id?: number;
  method: string;
  params?: Record<string, unknown>;
}

interface Caller {
  principal: Principal;
  project?: string | undefined;
  instance?: string | undefined;
  worktree?: string | undefined;
  session?: string | undefined;
  selection: ToolSelection;
}

export interface SocketServer {
  /** How many sessions are open. */
  sessions(): number;
  /** The names of those that have one. */
  names(): string[];
  /** Takes no new calls, lets those that run come to their end for a while, and ends the sessions. */
  close(): Promise<void>;
}

const drainMilliseconds = 3000;

/** Serves newline JSON-RPC on a Unix socket that only this user can open. One connection is one session. */
export async function listenOnSocket(options: SocketOptions): Promise<SocketServer> {
  prepareFolder(options.path);
  const sessions = new Set<Session>();
  const server = createServer((socket) => {
    const session = new Session(socket, options);
    sessions.add(session);
    socket.once('close', () => sessions.delete(session));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.path, resolve);
  });
  chmodSync(options.path, 0o600);
  return {
    sessions: () => sessions.size,
    names: () => [...sessions].flatMap(({ name }) => (name === undefined ? [] : [name])),
    async close() {
      server.close();
      const drained = Promise.all([...sessions].map((session) => session.drain()));
      await Promise.race([drained, sleep(drainMilliseconds, undefined, { ref: false })]);
      for (const session of sessions) session.end();
    },
  };
}

// A leftover socket is dead: the caller holds the service lock. In a shared temp folder, ours must be our own.
function prepareFolder(path: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0)
    throw new SupervisorError('forbidden', `${folder} is not this user's alone. Name another SUPERVISOR_HOME.`);
  rmSync(path, { force: true });
}

class Session {
  #caller: Caller | undefined;
  readonly #running = new Map<number, AbortController>();
  #onIdle: (() => void) | undefined;
  #draining = false;

  constructor(
    private readonly socket: Socket,
    private readonly options: SocketOptions,
  ) {
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const controller of this.#running.values()) controller.abort();
      const ended = this.name;
      if (ended !== undefined && !this.#draining) options.onSessionEnd(ended);
    });
    readLines(socket, (line) => {
      if (line === null) return void socket.destroy();
      this.#receive(line).catch((error) => {
        options.onError(error);
        socket.destroy();
      });
    });
  }

  get name(): string | undefined {
    return this.#caller?.session;
  }

  /** Reads no further; resolves when nothing runs. A call that was not read is sent again by its client, to the next service. */
  drain(): Promise<void> {
    this.#draining = true;
    this.socket.pause();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#running.size === 0) resolve();
    });
  }

  end(): void {
    this.socket.destroySoon();
  }

  async #receive(line: string): Promise<void> {
    const { id, method, params = {} } = readRequest(line);
    if (method === 'cancel') return this.#running.get(Number(params['id']))?.abort();
    if (id === undefined) return;
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      this.#send({ id, result: await this.#answer(method, params, controller.signal) });
    } catch (error) {
      if (!(error instanceof SupervisorError)) this.options.onError(error);
      const { message, code, details } = error instanceof SupervisorError ? error : unforeseen();
      this.#send({ id, error: { code: -32000, message, data: { code, details } } });
    } finally {
      this.#running.delete(id);
      if (this.#running.size === 0) this.#onIdle?.();
    }
  }

  async #answer(method: string, params: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    if (method === 'hello') {
      this.#caller = readHello(params);
      if (!isOutdated(this.options.build, params['build'])) return this.options.identity;
      setImmediate(() => this.options.onShutdown('a newer build takes over'));
      return { ...this.options.identity, outdated: true };
    }
    const caller = this.#caller;
    if (!caller) throw new SupervisorError('unauthenticated', 'The first request of a session is hello.');
    const { answerer, select } = this.options;
    const { selection, ...who } = caller;
    const context: Context = { ...who, signal, progress: this.#progress(params) };
    // A pipe passes it on to a host that can show pages.
    if (method === 'tools/call') context.showPage = (page) => this.#send({ method: 'show_page', params: page });
    switch (method) {
      case 'call':
        return answerer.call(typeof params['operation'] === 'string' ? params['operation'] : '', params['input'], context);
      case 'tools/call':
        return callTool(answerer, await select(selection), params['name'], params['arguments'], context);
      case 'tools/list':
        return { tools: listTools(answerer.operations, await select(selection)) };
      case 'shutdown':
        if (caller.principal.kind !== 'owner') throw new SupervisorError('forbidden', 'Only the owner may stop the service.');
        setImmediate(() => this.options.onShutdown('asked by its owner'));
        return {};
      default:
        throw new SupervisorError('unknown_operation', 'The service does not know this method.');
    }
  }

  #progress(params: Record<string, unknown>): Context['progress'] {
    const progressToken = (params['_meta'] as { progressToken?: string | number } | undefined)?.progressToken;
    if (progressToken === undefined) return () => {};
    return (progress, total, message) =>
      this.#send({ method: 'notifications/progress', params: { progressToken, progress, total, message } });
  }

  #send(message: { id?: number; [field: string]: unknown }): void {
    let line = JSON.stringify({ jsonrpc: '2.0', ...message });
    if (Buffer.byteLength(line) > longestLine) {
      const tooLarge = {
        code: -32000,
        message: 'The answer is too large. Ask for less (limit).',
        data: { code: 'too_large', details: {} },
      };
      line = JSON.stringify({ jsonrpc: '2.0', id: message.id, error: tooLarge });
    }
    if (!this.socket.destroyed) this.socket.write(`${line}\n`);
  }
}

/** @throws when the line is no request: only our own clients speak here, and one that does not make sense is cut off */
function readRequest(line: string): Request {
  const request = parse(line);
  const { method, params } = request ?? {};
  const validParams = params === undefined || (typeof params === 'object' && params !== null);
  if (typeof method !== 'string' || !validParams) throw new Error('This is no JSON-RPC request.');
  return request as Request;
}

// The parser's own error quotes what it could not read, and goes into the log.
function parse(line: string): Partial<Request> | null {
  try {
    return JSON.parse(line) as Partial<Request> | null;
  } catch {
    return null;
  }
}

function readHello(params: Record<string, unknown>): Caller {
  const { role, project, instance, worktree, session, bound, readOnly, toolsets } = params;
  const slug = typeof project === 'string' && slugPattern.test(project) ? project : undefined;
  if (bound === true && slug === undefined) throw new SupervisorError('invalid_input', 'A bound session needs a project slug.');
  return {
    principal: role === 'owner' ? owner : agent({ boundTo: bound === true ? slug! : null, readOnly: readOnly === true }),
    project: slug,
    instance: typeof instance === 'string' ? instance.slice(0, 200) : undefined,
    worktree: typeof worktree === 'string' && isAbsolute(worktree) ? worktree : undefined,
    session: typeof session === 'string' && /^[\w-]{8,64}$/.test(session) ? session : undefined,
    selection: { toolsets: Array.isArray(toolsets) ? (toolsets as Toolset[]) : undefined, readOnly: readOnly === true },
  };
}

// The connection stays: whoever lost it would come again at once with the same.
function unforeseen(): SupervisorError {
  return new SupervisorError('internal', 'Something went wrong inside Supervisor. Its log says what (supervisor logs).');
}

import { createConnection, type Socket } from 'node:net';
import { errorFromBody, SupervisorError } from '@supervisor/core/errors';
import { longestLine, readLines } from './lines.js';

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { message: string; data?: Record<string, unknown> };
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The connection broke before the answer came: whether the call was carried out is not known. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** JSON-RPC 2.0 over one connection to a service, a message a line. */
export class Rpc {
  #lastId = 0;
  readonly #pending = new Map<number, Pending>();
  #lost = false;

  private constructor(
    private readonly socket: Socket,
    private readonly onNotification: (method: string, params: Record<string, unknown>) => void,
  ) {
    readLines(socket, (line) => this.#receive(line));
    socket.on('error', () => {});
    socket.on('close', () => this.#lose());
    socket.unref();
  }

  /** Rejects with the system's error when nothing listens at the path. */
  static open(path: string, onNotification: (method: string, params: Record<string, unknown>) => void = () => {}): Promise<Rpc> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Rpc(socket, onNotification));
      });
    });
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Rejects with a `SupervisorError` of the other side, or with `ConnectionLost`. */
  request(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    if (this.#lost) return Promise.reject(new ConnectionLost());
    const id = ++this.#lastId;
    const line = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    if (Buffer.byteLength(line) > longestLine) {
      return Promise.reject(new SupervisorError('too_large', `The call is larger than ${longestLine / 1024 / 1024} MiB. Split it.`));
    }
    const cancel = () => this.#write(JSON.stringify({ jsonrpc: '2.0', method: 'cancel', params: { id } }));
    signal?.addEventListener('abort', cancel, { once: true });
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      // An idle connection lets the process end; one that waits for an answer does not.
      this.socket.ref();
      this.#write(line);
    }).finally(() => {
      signal?.removeEventListener('abort', cancel);
      if (this.#pending.size === 0) this.socket.unref();
    });
  }

  close(): void {
    this.socket.destroy();
  }

  #write(line: string): void {
    if (!this.#lost) this.socket.write(`${line}\n`);
  }

  #receive(line: string | null): void {
    const message = line === null ? undefined : parse(line);
    if (!message) return this.close();
    if (message.method !== undefined) return this.onNotification(message.method, message.params ?? {});
    const pending = this.#pending.get(message.id!);
    this.#pending.delete(message.id!);
    if (message.error) pending?.reject(errorFromBody({ message: message.error.message, ...message.error.data }));
    else pending?.resolve(message.result);
  }

  #lose(): void {
    this.#lost = true;
    for (const { reject } of this.#pending.values()) reject(new ConnectionLost());
    this.#pending.clear();
  }
}

function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

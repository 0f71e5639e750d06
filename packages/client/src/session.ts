import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core/errors';
import type { Home } from '@supervisor/core/home';
import { ConnectionLost, type Rpc } from './rpc.js';
import type { Build } from './build.js';
import { ensureService, findService, serviceGone, type Program, type ServiceIdentity } from './service.js';

/** How a session introduces itself. The service of one's own user believes it: a guard rail, not a boundary. */
export interface Hello {
  role: 'agent' | 'owner';
  project?: string | undefined;
  instance?: string | undefined;
  worktree?: string | undefined;
  /** Touch no other project than this. */
  bound?: boolean | undefined;
  /** One text for as long as this process lives: what it leaves running is abandoned when it ends. */
  session?: string | undefined;
  readOnly?: boolean | undefined;
  toolsets?: readonly string[] | undefined;
  /** The caller's build: an older service makes way for it. */
  build?: Build | undefined;
}

export interface SessionOptions {
  home: Home;
  /** How to start a service when none runs; null: do not. */
  program: Program | null;
  hello: Hello;
  onNotification?: (method: string, params: Record<string, unknown>) => void;
  /** Called once for each new connection. */
  onConnect?: () => void;
}

// A service that dies again and again is not asked for ever.
const mostTries = 4;
const lookMilliseconds = 5000;

/** A session with this home's service that survives the service's restarts. */
export class Session {
  #rpc: Promise<Rpc> | undefined;
  #closed = false;
  #looks: NodeJS.Timeout | undefined;

  constructor(private readonly options: SessionOptions) {}

  /**
   * Sends a request. When the connection is lost it is sent again, unless `repeat` is `never`.
   * @throws SupervisorError of the operation, or `outcome_unknown`, `unavailable`, `stopped`.
   */
  async request(
    method: string,
    params: object,
    options: { repeat?: 'never' | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      let sent = false;
      try {
        const rpc = await this.#connected();
        if (options.signal?.aborted) throw new SupervisorError('cancelled', 'The call was cancelled.');
        sent = true;
        return await rpc.request(method, params, options.signal);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (options.signal?.aborted) throw new SupervisorError('cancelled', 'The call was cancelled.');
        if (sent && options.repeat === 'never') throw outcomeUnknown();
        if (attempt === mostTries) throw serviceKeepsEnding();
        if (attempt > 1) await sleep(150 * 2 ** attempt);
      }
    }
  }

  /** Calls an operation. Rejects with a `SupervisorError`. */
  async call(
    operation: { name: string; repeat?: 'never' },
    input: unknown,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Record<string, unknown>> {
    const params = { operation: operation.name, input };
    return (await this.request('call', params, { repeat: operation.repeat, signal: options.signal })) as Record<string, unknown>;
  }

  /** Connects now, and starts the service when there is none. */
  async open(): Promise<void> {
    await this.#connected();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#looks);
    const rpc = await this.#rpc?.catch(() => undefined);
    rpc?.close();
  }

  async #connected(): Promise<Rpc> {
    for (;;) {
      if (this.#closed) throw new SupervisorError('cancelled', 'The session was closed.');
      const current = this.#rpc;
      const rpc = await current;
      if (rpc && !rpc.lost) return rpc;
      // Of many calls that find the connection lost, the first makes the next one and the others take it.
      if (this.#rpc === current) this.#take(this.#connect());
    }
  }

  #take(next: Promise<Rpc>): void {
    this.#rpc = next;
    next.catch(() => {
      if (this.#rpc === next) this.#rpc = undefined;
    });
  }

  async #connect(): Promise<Rpc> {
    const { home, program, onNotification } = this.options;
    this.#looks ??= setInterval(() => void this.#comeBack(), lookMilliseconds).unref();
    for (;;) {
      const rpc = await ensureService(home, program, { onNotification });
      const leaving = await this.#greet(rpc);
      if (leaving === undefined) return rpc;
      await serviceGone(home, leaving);
    }
  }

  /** @returns the pid of a service that is older than we are, and ends now */
  async #greet(rpc: Rpc): Promise<number | undefined> {
    const { outdated, pid } = (await rpc.request('hello', this.options.hello)) as Partial<ServiceIdentity>;
    if (outdated === true) rpc.close();
    else this.options.onConnect?.();
    return outdated === true ? pid : undefined;
  }

  // A service that was started anew takes whoever does not come back for gone, and ends what runs in its name. Nothing is started here.
  async #comeBack(): Promise<void> {
    const before = this.#rpc;
    const known = await before?.catch(() => undefined);
    if (known && !known.lost) return;
    const rpc = await findService(this.options.home, this.options.onNotification).catch(() => null);
    // A call has been faster.
    if (!rpc || this.#closed || this.#rpc !== before) return rpc?.close();
    this.#take(this.#resume(rpc));
  }

  async #resume(rpc: Rpc): Promise<Rpc> {
    try {
      if ((await this.#greet(rpc)) === undefined) return rpc;
    } catch {
      rpc.close();
    }
    throw new ConnectionLost();
  }
}

function outcomeUnknown(): SupervisorError {
  const message = 'The connection was lost before the answer came, and this call is not safe to repeat. Check whether it was carried out.';
  return new SupervisorError('outcome_unknown', message);
}

function serviceKeepsEnding(): SupervisorError {
  return new SupervisorError('unavailable', 'The service ends whenever it gets this call. Its log says why (supervisor logs).');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { isPlain, parseJson, parseOrigin, readText, SupervisorError } from '@supervisor/core';
import type { z } from 'zod';
import { readFailure, unreachable, unreadable, type Failure } from './failure.js';

/** How a client reaches the world: tests give their own. */
export interface Transport {
  fetch: typeof fetch;
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits; rejects when the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const realTransport: Transport = {
  fetch: (...args) => fetch(...args),
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => {
      throw cancelled();
    }),
};

export interface GoogleRequest<Answer extends z.ZodType> {
  method: 'GET' | 'POST' | 'DELETE';
  /** From the origin on, each segment encoded already. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** Google does the same mutation once for it, however often it is sent. A POST without one must change nothing. */
  requestId?: string;
  /** Longer than the usual 15 s where Google answers late on purpose. */
  timeoutMilliseconds?: number;
  signal?: AbortSignal | undefined;
  /** Once only: whoever asks has a loop of its own. */
  once?: true;
  answer: Answer;
}

const timeoutMilliseconds = 15_000;
const attempts = 4;
const longestPause = 30_000;

/** JSON over HTTP to one of Google's services, with a token. It repeats what may be repeated, and waits as it is told to. */
export class GoogleClient {
  readonly #origin: string;

  /**
   * @param url where the service is; plain http only on this machine
   * @param token a fresh one with `renew`, after Google refused the last one
   */
  constructor(
    url: string,
    readonly token: (renew: boolean) => Promise<string>,
    readonly transport: Transport = realTransport,
  ) {
    this.#origin = checkedOrigin(url);
  }

  /**
   * @throws SupervisorError with what Google said, in the words of this house; `details.doubtful`: an earlier attempt may have worked
   * all the same, `details.credentials`: nothing was sent
   */
  async request<Answer extends z.ZodType>(request: GoogleRequest<Answer>): Promise<z.output<Answer>> {
    let renew = false;
    let doubtful = false;
    for (let attempt = 1; ; attempt++) {
      const failure: { answer: z.output<Answer> } | Failure = await this.#attempt(request, renew);
      if ('answer' in failure) return failure.answer;
      if (doubtful) failure.error.details['doubtful'] = true;
      doubtful ||= failure.error.code === 'provider_unavailable';
      renew = failure.status === 401;
      const pause = Math.max(failure.retryAfterMilliseconds ?? 0, 250 * 2 ** attempt);
      const again = (failure.transient && pause <= longestPause) || (renew && attempt === 1);
      if (!again || request.once || attempt === attempts) throw failure.error;
      if (!renew) await this.transport.sleep(pause + Math.floor(Math.random() * 100), request.signal);
    }
  }

  async #attempt<Answer extends z.ZodType>(
    request: GoogleRequest<Answer>,
    renew: boolean,
  ): Promise<{ answer: z.output<Answer> } | Failure> {
    const token = await this.#token(renew);
    let response: Response;
    let text: string;
    try {
      response = await this.transport.fetch(this.#url(request), {
        method: request.method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        redirect: 'error',
        signal: signalOf(request),
      });
      text = await readText(response);
    } catch (error) {
      if (request.signal?.aborted) throw cancelled();
      return unreachable(new URL(this.#origin).host, error);
    }
    const json = parseJson(text);
    if (!response.ok) return readFailure(response, json, this.transport.now());
    const parsed = request.answer.safeParse(json);
    return parsed.success ? { answer: parsed.data } : unreadable(request, parsed.error);
  }

  async #token(renew: boolean): Promise<string> {
    try {
      return await this.token(renew);
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error;
      throw new SupervisorError(error.code === 'not_found' ? 'forbidden' : error.code, error.message, {
        ...error.details,
        credentials: true,
      });
    }
  }

  #url({ path, query = {}, requestId }: GoogleRequest<z.ZodType>): string {
    const url = new URL(`${this.#origin}${path}`);
    for (const [name, value] of Object.entries({ ...query, requestId })) if (value !== undefined) url.searchParams.set(name, String(value));
    return url.href;
  }
}

/** @throws SupervisorError `invalid_input` for anything but an origin, and for plain http to another machine */
export function checkedOrigin(url: string): string {
  const origin = parseOrigin(url, 'A Google address');
  if (isPlain(origin)) throw new SupervisorError('invalid_input', 'A Google address over plain http must be on this machine. Use https.');
  return origin;
}

function signalOf({ timeoutMilliseconds: own, signal }: GoogleRequest<z.ZodType>): AbortSignal {
  const timeout = AbortSignal.timeout(own ?? timeoutMilliseconds);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

function cancelled(): SupervisorError {
  return new SupervisorError('cancelled', 'The call was cancelled. What Google was already asked to do goes on.');
}

import { parseJson, readText, SupervisorError } from '@supervisor/core';
import { z } from 'zod';
import { longestWaitSeconds, type TokenBucket } from './bucket.js';
import { isMissing } from '../failure.js';
import { failureOf, noAnswer, unavailable, type Failure } from './failure.js';
import type { Time } from './time.js';

export interface ApiOptions {
  baseUrl: string;
  token(): Promise<string>;
  bucket: TokenBucket;
  time: Time;
}

export type Query = Record<string, string | number | boolean>;

const timeoutMilliseconds = 15_000;
const attempts = 4;
/** No further try begins after that: with the wait for its turn and the timeout it still ends within a lease (alone.ts). */
const lastTrySeconds = longestWaitSeconds + 1;
const firstPauseMilliseconds = 250;
// No list here is longer; one that is must not be read for ever.
const mostPages = 200;
const changes = ['PUT', 'PATCH'];

// Their description leaves it out of the answer to the deletion of a record.
const success = z.literal(true).optional();
const resultInfo = z.looseObject({ per_page: z.number().optional(), total_count: z.number().optional() }).nullish();

/** Cloudflare's API, as far as it is needed: each answer is checked, what can be repeated is. */
export class CloudflareApi {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  async get<T>(path: string, result: z.ZodType<T>, query: Query = {}): Promise<T> {
    return (await this.#repeat('GET', path, result, { query })).result;
  }

  /** All pages of a list. */
  async list<T>(path: string, item: z.ZodType<T>, query: Query = {}): Promise<T[]> {
    const items: T[] = [];
    for (let page = 1; page <= mostPages; page++) {
      const { result, info } = await this.#repeat('GET', path, z.array(item), { query: { ...query, page } });
      items.push(...result);
      if (result.length < (info?.per_page ?? Infinity) || items.length >= (info?.total_count ?? Infinity)) return items;
    }
    throw new SupervisorError('too_large', `Cloudflare has more than ${mostPages} pages of it. Let the token see fewer zones.`);
  }

  async put<T>(path: string, body: unknown, result: z.ZodType<T>): Promise<T> {
    return (await this.#repeat('PUT', path, result, { body })).result;
  }

  /** Changes the fields of `body` only; the same again changes nothing, so it is repeated like a PUT. */
  async patch<T>(path: string, body: unknown, result: z.ZodType<T>): Promise<T> {
    return (await this.#repeat('PATCH', path, result, { body })).result;
  }

  /** @returns false when Cloudflare does not know it, which is for the caller to look at: a wrong address is answered like that too */
  async delete(path: string): Promise<boolean> {
    try {
      // Their description asks for a body.
      await this.#repeat('DELETE', path, z.looseObject({}), { body: {} });
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /**
   * Makes something once. When it is not known whether it was made, or something like it exists, `find` looks for it before anything
   * is sent again.
   */
  async create<T>(path: string, body: unknown, result: z.ZodType<T>, find: () => Promise<T | undefined>): Promise<T> {
    const until = this.#lastTry();
    for (let attempt = 1, unsure = false; ; attempt++) {
      const answer = await this.#send('POST', path, result, { body });
      if (!('error' in answer)) return answer.result;
      unsure ||= answer.outcome === 'unknown';
      if (unsure || answer.error.code === 'already_exists') {
        const found = await find().catch((error: unknown) => {
          throw unsure ? notKnown(error) : error;
        });
        if (found !== undefined) return found;
      }
      if (answer.outcome === 'final') throw answer.error;
      await this.#pause(answer, attempt, until);
    }
  }

  async #repeat<T>(method: string, path: string, result: z.ZodType<T>, parts: Parts): Promise<Answer<T>> {
    const until = this.#lastTry();
    for (let attempt = 1, unsure = false; ; attempt++) {
      const answer = await this.#send(method, path, result, parts);
      if (!('error' in answer)) return answer;
      if (answer.outcome === 'final') throw unsure && changes.includes(method) ? notKnown(answer.error) : answer.error;
      unsure ||= answer.outcome === 'unknown';
      await this.#pause(answer, attempt, until);
    }
  }

  // Waits before the next try, or throws where there is none.
  async #pause({ error, waitSeconds = 0 }: Failure, attempt: number, until: number): Promise<void> {
    const { time } = this.#options;
    const pause = Math.max(waitSeconds * 1000, firstPauseMilliseconds * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
    if (attempt >= attempts || time.now().getTime() + pause > until) throw error;
    await time.sleep(pause);
  }

  #lastTry(): number {
    return this.#options.time.now().getTime() + lastTrySeconds * 1000;
  }

  async #send<T>(method: string, path: string, result: z.ZodType<T>, { query, body }: Parts): Promise<Answer<T> | Failure> {
    const { baseUrl, token, bucket } = this.#options;
    const what = `${method} ${path.replaceAll(/[0-9a-f]{32}|[0-9a-f-]{36}/g, '…')}`;
    await bucket.take();
    const url = new URL(baseUrl + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value));
    const authorization = `Bearer ${await token()}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A token goes to the address that the owner gave, and nowhere that this one names.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMilliseconds),
      });
      text = await readText(response);
    } catch (error) {
      return noAnswer(error, what);
    }
    if (!response.ok) {
      const failure = failureOf(response, parseJson(text), this.#options.time.now().getTime(), what);
      if (failure.waitSeconds !== undefined) await bucket.block(failure.waitSeconds);
      return failure;
    }
    const answer = z.object({ success, result, result_info: resultInfo }).safeParse(parseJson(text));
    if (answer.success) return { result: answer.data.result, info: answer.data.result_info };
    const where = answer.error.issues.map(({ path }) => path.join('.')).slice(0, 3);
    return { error: unavailable(`Cloudflare's answer to ${what} makes no sense (${where.join(', ')}).`), outcome: 'unknown' };
  }
}

/** A refusal says nothing of the try before it, whose answer never came. */
function notKnown(error: unknown): SupervisorError {
  return unavailable(`Whether Cloudflare did it is not known. ${error instanceof SupervisorError ? error.message : ''}`.trim());
}

interface Parts {
  query?: Query;
  body?: unknown;
}

interface Answer<T> {
  result: T;
  info: z.output<typeof resultInfo>;
}

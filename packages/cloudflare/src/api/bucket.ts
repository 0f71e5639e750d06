import { SupervisorError } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { realTime, type Time } from './time.js';

/** Requests per second in the long run. Cloudflare blocks a user for five minutes after 1,200 in five minutes, which is 4. */
export const rate = 3.5;
/** Requests that may follow each other at once; with the rate, fewer than 1,200 in any five minutes. */
export const burst = 100;
const longestWaitSeconds = 20;

/** The requests of one credential, counted in one row for all services that share the database. */
export class TokenBucket {
  readonly #orm: Orm;
  readonly #id: string;
  readonly #time: Time;

  constructor(orm: Orm, id: string, time: Time = realTime) {
    this.#orm = orm;
    this.#id = id;
    this.#time = time;
  }

  /** Waits for this request's turn. @throws SupervisorError `rate_limited` at once when that would take more than 20 s */
  async take(): Promise<void> {
    const at = this.#at();
    const left = sql`least(${burst}::float8, bucket.tokens + ${rate}::float8 * greatest(0, extract(epoch from ${at} - bucket.at)::float8)) - 1`;
    const [turn] = await rows<{ tokens: number; blocked: number | null }>(
      this.#orm,
      sql`
      insert into supervisor.cloudflare_buckets as bucket (id, tokens, at) values (${this.#id}, ${burst - 1}::float8, ${at})
      on conflict (id) do update set tokens = ${left}, at = greatest(bucket.at, ${at})
      where ${left} > ${-rate * longestWaitSeconds}::float8
        and (bucket.blocked_until is null or bucket.blocked_until <= ${at} + make_interval(secs => ${longestWaitSeconds}))
      returning tokens, extract(epoch from blocked_until - ${at})::float8 as blocked`,
    );
    if (!turn) throw await this.#refuse();
    const seconds = Math.max(turn.blocked ?? 0, -turn.tokens / rate);
    if (seconds > 0) await this.#time.sleep(seconds * 1000);
  }

  /** The provider asks for a pause: every service that shares the credential makes it. */
  async block(seconds: number): Promise<void> {
    const until = sql`${this.#at()} + make_interval(secs => ${seconds})`;
    await this.#orm.execute(
      sql`update supervisor.cloudflare_buckets set blocked_until = greatest(blocked_until, ${until}) where id = ${this.#id}`,
    );
  }

  async #refuse(): Promise<SupervisorError> {
    const [row] = await rows<{ seconds: number }>(
      this.#orm,
      sql`select greatest(extract(epoch from blocked_until - ${this.#at()}), -tokens / ${rate}::float8, 1)::float8 as seconds
        from supervisor.cloudflare_buckets where id = ${this.#id}`,
    );
    return tooMany(Math.ceil(row?.seconds ?? longestWaitSeconds));
  }

  // The database's clock is the one that replicas share.
  #at() {
    return this.#time === realTime ? sql`clock_timestamp()` : sql`${this.#time.now().toISOString()}::timestamptz`;
  }
}

export function tooMany(retryAfterSeconds: number): SupervisorError {
  return new SupervisorError('rate_limited', `Cloudflare's limit for this token is reached. Try again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
  });
}

export { longestWaitSeconds };

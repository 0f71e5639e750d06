import type { FakeAnswer, FakeRequest } from './routes.js';

/** Something that goes wrong, once or `times` times, with a request that it fits. */
export interface Fault {
  /** A route as the table has it (`POST /zones/{zone}/dns_records`), or what decides; absent: any request. */
  on?: string | ((request: FakeRequest, route: string) => boolean);
  /** So many fitting requests go well first. 0 when absent. */
  after?: number;
  /** So many fitting requests fail then. 1 when absent. */
  times?: number;
  /**
   * `error-before`: 500, nothing done; `error-after`: done, then 500; `cut-before` and `cut-after`: the connection ends without an
   * answer, with nothing or the thing done; `rate-limited`: 429 with `retry-after`; `hang-before` and `hang-after`: never answered, with
   * nothing or the thing done; or any answer, with nothing done.
   */
  what:
    | 'error-before'
    | 'error-after'
    | 'cut-before'
    | 'cut-after'
    | 'rate-limited'
    | 'hang-before'
    | 'hang-after'
    | ((request: FakeRequest) => FakeAnswer);
  /** Seconds in `retry-after` of `rate-limited`. 1 when absent. */
  retryAfter?: number;
}

/** The faults still to come, in order. */
export class FaultScript {
  #waiting: { fault: Fault; skip: number; left: number }[] = [];
  /** How many were played. */
  played = 0;

  add(...faults: Fault[]): void {
    for (const fault of faults) this.#waiting.push({ fault, skip: fault.after ?? 0, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The fault this request meets, which is used up by it. */
  next(request: FakeRequest, route: string): Fault | undefined {
    for (const waiting of this.#waiting) {
      const { on } = waiting.fault;
      if (typeof on === 'string' ? on !== route : on && !on(request, route)) continue;
      if (waiting.skip > 0) {
        waiting.skip--;
        continue;
      }
      if (waiting.left === 0) continue;
      waiting.left--;
      this.played++;
      return waiting.fault;
    }
    return undefined;
  }
}

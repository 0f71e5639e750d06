import { setTimeout as sleep } from 'node:timers/promises';

/** Time that moves when it is told to. */
export class FakeClock {
  #now: number;

  constructor(start = '2026-01-01T00:00:00Z') {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  advance(seconds: number): void {
    this.#now += seconds * 1000;
  }
}

const faster = 250;

/** The network as it is, and time by a fake clock: whoever sleeps moves it on, and sleeps a little of it, so that others get their turn. */
export function fakeTransport(clock: FakeClock) {
  return {
    fetch: (...args: Parameters<typeof fetch>) => fetch(...args),
    now: () => clock.now().getTime(),
    async sleep(milliseconds: number, signal?: AbortSignal) {
      await sleep(milliseconds / faster);
      signal?.throwIfAborted();
      clock.advance(milliseconds / 1000);
    },
  };
}

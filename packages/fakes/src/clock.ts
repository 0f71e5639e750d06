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

/** The network as it is, and time by a fake clock: whoever sleeps moves it on. */
export function fakeTransport(clock: FakeClock) {
  return {
    fetch: (...args: Parameters<typeof fetch>) => fetch(...args),
    now: () => clock.now().getTime(),
    sleep: async (milliseconds: number) => clock.advance(milliseconds / 1000),
  };
}

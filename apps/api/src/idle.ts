const idleMilliseconds = 30 * 60_000;

/** Tells when a service that nobody asked to stay has been without a caller for half an hour. */
export class IdleWatch {
  #lastUse: number;

  /** @param sessions how many are open now: an agent that is connected may ask at any moment */
  constructor(
    private readonly sessions: () => number,
    private readonly now: () => number = Date.now,
  ) {
    this.#lastUse = now();
  }

  /** Somebody asked something that leaves no session behind. */
  touch(): void {
    this.#lastUse = this.now();
  }

  /** To be asked every minute or so: what happens in between is not seen. */
  isIdle(): boolean {
    if (this.sessions() > 0) this.touch();
    return this.now() - this.#lastUse >= idleMilliseconds;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

const farewellMilliseconds = 1000;

/** Takes up what was begun or broken off: never twice at once, and not longer than the service lives. */
export class TakingUp {
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly work: readonly (() => Promise<unknown>)[],
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Does the work, unless it is being done. Does not wait for it: it may be slow, and a sweep or an end must not be. */
  start(work = this.work): void {
    if (this.#stopped) return;
    this.#running ??= this.#run(work).finally(() => (this.#running = undefined));
  }

  /** Waits a moment for what runs. What is left then is taken up by the next service, as after a crash. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.race([this.#running, sleep(farewellMilliseconds, undefined, { ref: false })]);
  }

  async #run(work: readonly (() => Promise<unknown>)[]): Promise<void> {
    for (const part of work) {
      await part().catch((error: unknown) => {
        if (!this.#stopped) this.onError(error);
      });
    }
  }
}

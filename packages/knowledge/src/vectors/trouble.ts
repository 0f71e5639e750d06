import { SupervisorError } from '@supervisor/core';

const restMilliseconds = 30_000;

/** What keeps a model from working. After a failure it is left alone for a while. */
export class Trouble {
  /** Null while there is none. */
  problem: string | null = null;
  #restUntil = 0;

  get rests(): boolean {
    return Date.now() < this.#restUntil;
  }

  rest(problem: string): void {
    this.problem = problem;
    this.#restUntil = Date.now() + restMilliseconds;
  }

  /** It may be tried again at once. */
  end(): void {
    this.problem = null;
    this.#restUntil = 0;
  }
}

/** What to tell of a failure. */
export function messageOf(error: unknown): string {
  if (error instanceof SupervisorError) return error.message;
  const { name } = error as { name?: unknown };
  return name === 'TimeoutError' ? 'It did not answer in time.' : 'Vectors failed; the texts are found by their words.';
}

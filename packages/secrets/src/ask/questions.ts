import { randomBytes } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { StoreOptions } from '../store.js';

/** A value that a person is asked for, on a page that opens once. */
export interface Question {
  /** Unguessable: whoever has it may answer. */
  id: string;
  path: string;
  options: StoreOptions;
  /** ISO 8601. */
  expiresAt: string;
  /** The page. */
  link: string;
}

export interface Pages {
  /** The address of the page for an id. */
  link(id: string): string;
  /** Is told of every new question. */
  announce(question: Question): void;
}

const minutes = 15;
const mostWaiting = 100;
/** What must not be loosened, or dropped, because somebody else asked first. */
const conditions = ['exposure', 'expiresAt', 'ifVersion'] as const;

/** What persons are asked for now. Kept in memory only: a restart of the service withdraws them. */
export class SecretQuestions {
  readonly #waiting = new Map<string, Question>();
  #pages: Pages | undefined;

  /** From now on questions have a page. Before, there is nobody who would show one: the address may be another program's. */
  serve(pages: Pages): void {
    this.#pages = pages;
  }

  /**
   * Asks for the value of a path; while it waits, asking again is the same question.
   * @throws SupervisorError `unavailable` when no pages are served; `exhausted` at 100 of them; `conflict` when this one would store the answer under other conditions
   */
  ask(path: string, options: StoreOptions): Question {
    const known = this.waiting().find((question) => question.path === path);
    const other = known ? conditions.filter((name) => known.options[name] !== options[name]) : [];
    if (known && other.length > 0)
      throw new SupervisorError(
        'conflict',
        `A person is asked for ${path} already, with another ${other.join(' and ')}. Ask the same, or wait until that is answered or ends at ${known.expiresAt}.`,
        { fields: other },
      );
    if (known) return known;
    if (!this.#pages)
      throw new SupervisorError(
        'unavailable',
        `No page can be shown: this Supervisor serves no HTTP (supervisor doctor says why). A person stores it on a terminal: supervisor secrets store ${path}`,
      );
    if (this.#waiting.size >= mostWaiting)
      throw new SupervisorError('exhausted', `${mostWaiting} questions wait for a person already. Ask again when some are answered.`);
    const id = randomBytes(32).toString('base64url');
    const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString();
    const question = { id, path, options, expiresAt, link: this.#pages.link(id) };
    this.#waiting.set(id, question);
    this.#pages.announce(question);
    return question;
  }

  /** All that wait, the oldest first. */
  waiting(): Question[] {
    for (const { id, expiresAt } of this.#waiting.values()) if (Date.parse(expiresAt) <= Date.now()) this.#waiting.delete(id);
    return [...this.#waiting.values()];
  }

  find(id: string): Question | undefined {
    return this.waiting().find((question) => question.id === id);
  }

  /**
   * Answers a question with what `store` does; it is open again when that fails.
   * @throws SupervisorError `not_found` when it was answered already, has expired or never was
   */
  async answer<Result>(id: string, store: (question: Question) => Promise<Result>): Promise<Result> {
    const question = this.find(id);
    if (!question) throw new SupervisorError('not_found', 'This page was used already or has expired. Let the agent ask again.');
    this.#waiting.delete(id);
    try {
      return await store(question);
    } catch (error) {
      this.#waiting.set(id, question);
      throw error;
    }
  }
}

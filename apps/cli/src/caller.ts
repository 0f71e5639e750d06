import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { demandProject, Session, type Place } from '@supervisor/client';
import type { Catalogue, OperationDescription } from '@supervisor/core';
import type { Home } from '@supervisor/core/home';
import { build, program } from './program.js';

/** Whoever typed the command: where they are, and their session with this home's service. */
export class Caller {
  #catalogue: Catalogue | undefined;
  #session: Session | undefined;
  #place: Place | undefined;

  constructor(
    readonly home: Home,
    readonly directory: string,
  ) {}

  /** The operations of this build, as data. */
  get catalogue(): Catalogue {
    this.#catalogue ??= JSON.parse(
      readFileSync(fileURLToPath(import.meta.resolve('@supervisor/supervisor/commands')), 'utf8'),
    ) as Catalogue;
    return this.#catalogue;
  }

  /** The project and worktree of the working directory. */
  get place(): Place {
    this.#place ??= demandProject(this.directory);
    return this.#place;
  }

  /**
   * Calls an operation as the owner; starts the service when none runs.
   * @param operation its description, or the name alone of one that may be sent again when an answer is lost
   */
  async call(operation: string | OperationDescription, input: object = {}, signal?: AbortSignal): Promise<any> {
    this.#session ??= this.#connect();
    return this.#session.call(typeof operation === 'string' ? { name: operation } : operation, input, { signal });
  }

  // A service that has to start first takes seconds.
  #connect(): Session {
    const waits = setTimeout(() => {
      if (process.stderr.isTTY) process.stderr.write('Waiting for the service to start …\n');
    }, 700).unref();
    const hello = { role: 'owner' as const, build, ...this.place };
    return new Session({ home: this.home, program, hello, onConnect: () => clearTimeout(waits) });
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }
}

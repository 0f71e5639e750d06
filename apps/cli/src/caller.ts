import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { demandProject, Session, type Place } from '@supervisor/client';
import type { Catalogue, OperationDescription } from '@supervisor/core';
import type { Home } from '@supervisor/core/home';
import { inFlags } from './input.js';
import { build, program } from './program.js';
import { showProgress } from './progress.js';

// As other programs call it.
const usualWords = new Map([
  ['get', 'retrieve'],
  ['set', 'store'],
  ['ls', 'list'],
  ['rm', 'delete'],
]);

/** Whoever typed the command: where they are, and their session with this home's service. */
export class Caller {
  #text: string | undefined;
  #catalogue: Catalogue | undefined;
  #session: Session | undefined;
  #place: Place | undefined;
  readonly #progress = showProgress();

  constructor(
    readonly home: Home,
    readonly directory: string,
  ) {}

  /** The operations of this build, as data. */
  get catalogue(): Catalogue {
    if (this.#catalogue) return this.#catalogue;
    const [rest, ...lines] = this.#lines().trimEnd().split('\n');
    return (this.#catalogue = { ...JSON.parse(rest!), operations: lines.map(parseOperation) } as Catalogue);
  }

  /** The operation that these words call, read alone: that of all takes a short command longer than its own work. */
  findOperation(words: readonly string[]): OperationDescription | undefined {
    const [group = '', verb = ''] = words;
    for (const command of [`${group} ${verb}`.trim(), `${group} ${usualWords.get(verb)}`, group]) {
      const start = this.#lines().indexOf(`\n${command}\t`) + 1;
      if (start > 0) return parseOperation(this.#lines().slice(start, this.#lines().indexOf('\n', start)));
    }
    return undefined;
  }

  /** The project and worktree of the working directory. @throws SupervisorError `invalid_input` when its project file cannot be read */
  get place(): Place {
    this.#place ??= demandProject(this.directory);
    return this.#place;
  }

  /**
   * Calls an operation as the owner, and shows how far it has come; starts the service when none runs.
   * @param operation its description, where a person gave the input in flags; or the name alone of one that may be sent again when an
   *   answer is lost
   */
  async call(operation: string | OperationDescription, input: object = {}, signal?: AbortSignal): Promise<any> {
    this.#session ??= this.#connect();
    const { name, repeat } = typeof operation === 'string' ? { name: operation, repeat: undefined } : operation;
    const params = { operation: name, input, _meta: { progressToken: 1 } };
    return this.#session
      .request('call', params, { repeat, signal })
      .catch((error: unknown) => {
        throw typeof operation === 'string' ? error : inFlags(operation, error);
      })
      .finally(() => this.#progress.clear());
  }

  /** The answers of an operation that lists, a page each. */
  async *pages(operation: string, input: object = {}): AsyncGenerator<any, void> {
    let page: { nextCursor?: string } = {};
    do {
      page = await this.call(operation, { ...input, cursor: page.nextCursor });
      yield page;
    } while (page.nextCursor !== undefined);
  }

  #lines(): string {
    this.#text ??= readFileSync(fileURLToPath(import.meta.resolve('@supervisor/supervisor/commands')), 'utf8');
    return this.#text;
  }

  // A service that has to start first takes seconds.
  #connect(): Session {
    const waits = setTimeout(() => {
      if (process.stderr.isTTY) process.stderr.write('Waiting for the service to start …\n');
    }, 700).unref();
    const hello = { role: 'owner' as const, build, ...this.#placeIfGood() };
    let isNew = !existsSync(this.home.instance);
    const onConnect = () => {
      clearTimeout(waits);
      if (isNew) process.stderr.write(`${describeNewHome(this.home)}\n`);
      isNew = false;
    };
    const onNotification = (_method: string, { message }: Record<string, unknown>) => {
      if (typeof message === 'string') this.#progress.show(message);
    };
    return new Session({ home: this.home, program, hello, onConnect, onNotification });
  }

  // Not everything is about a project: what is asks for the place itself, and says what is wrong with the file.
  #placeIfGood(): Place {
    try {
      return this.place;
    } catch {
      return {};
    }
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }
}

// A project's own variables must not take a home over; a person who set them for it must hear of that.
function describeNewHome(home: Home): string {
  const { database, port } = JSON.parse(readFileSync(home.instance, 'utf8')) as {
    database: { kind: string; location?: string };
    port?: number;
  };
  const where = database.kind === 'embedded' ? 'embedded database' : `PostgreSQL at ${database.location}`;
  const unused = ['DATABASE_URL', 'DB_HOST'].find((name) => process.env[name]);
  const next = unused ? ` ${unused} of this shell is not used. To use it: supervisor stop, then supervisor start --reconfigure.` : '';
  return `Made a new home in ${home.directory}: ${where}, port ${port}.${next}`;
}

function parseOperation(line: string): OperationDescription {
  return JSON.parse(line.slice(line.indexOf('\t') + 1)) as OperationDescription;
}

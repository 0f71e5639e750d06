import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultScript } from './faults.js';
import { matcher, type FakeAnswer, type FakeRequest, type FakeRoutes } from './routes.js';

/** What happened: a request and what it was answered; the answer is absent where the connection was cut. */
export interface Exchange {
  /** As the table has it; undefined: not in the table. */
  route: string | undefined;
  request: FakeRequest;
  answer?: FakeAnswer;
  /** Whether a fault made the answer. */
  fault: boolean;
}

export interface FakeServerOptions {
  routes: FakeRoutes;
  /** Looks at every request before its route, faults included: an answer ends it (401, 429 …). */
  before?(request: FakeRequest): FakeAnswer | undefined;
  /** The body of an error, as this provider writes it. */
  failure(status: number, message: string): unknown;
}

/** A provider's API on a free port of 127.0.0.1: routes, a script of faults, and a log of what was asked. */
export class FakeServer {
  readonly faults = new FaultScript();
  readonly log: Exchange[] = [];
  /** Milliseconds that a request takes to arrive, and its answer to come back; 0 when absent. */
  latency: (() => number) | undefined;
  readonly #options: FakeServerOptions;
  readonly #match: ReturnType<typeof matcher>;
  #server: Server | undefined;

  constructor(options: FakeServerOptions) {
    this.#options = options;
    this.#match = matcher(options.routes);
  }

  /** Starts to listen. @returns `http://127.0.0.1:port` */
  async listen(): Promise<string> {
    const server = createServer((incoming, outgoing) => {
      this.#answer(incoming, outgoing).catch((error: unknown) => {
        console.error('fake-server:', error);
        outgoing.destroy();
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await read(incoming);
    const found = this.#match(request.method, request.path);
    const exchange: Exchange = { route: found?.name, request: { ...request, params: found?.params ?? {} }, fault: false };
    this.log.push(exchange);
    const send = async (answer: FakeAnswer) => {
      exchange.answer = answer;
      if (this.latency) await sleep(this.latency());
      write(outgoing, answer);
    };
    if (this.latency) await sleep(this.latency());
    const refused = this.#options.before?.(exchange.request);
    if (refused) return send(refused);
    if (!found) return send(this.#failure(501, `This fake does not know ${request.method} ${request.path}. Add it to its routes.`));
    const fault = this.faults.next(exchange.request, found.name);
    if (!fault) return send(await found.route(exchange.request));
    exchange.fault = true;
    const { what } = fault;
    if (what === 'hang-before') return;
    if (typeof what === 'function') return send(what(exchange.request));
    if (what === 'rate-limited')
      return send({ ...this.#failure(429, 'Rate limited (scripted).'), headers: { 'retry-after': String(fault.retryAfter ?? 1) } });
    if (what.endsWith('-after')) await found.route(exchange.request);
    if (what === 'hang-after') return;
    if (what === 'cut-before' || what === 'cut-after') return void outgoing.destroy();
    await send(this.#failure(500, 'Internal error (scripted).'));
  }

  #failure(status: number, message: string): FakeAnswer {
    return { status, body: this.#options.failure(status, message) };
  }
}

async function read(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const json = text !== '' && String(incoming.headers['content-type']).includes('json');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    params: {},
    query: url.searchParams,
    headers: incoming.headers,
    body: json ? parse(text) : text || undefined,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function write(outgoing: ServerResponse, { status, body, text, headers }: FakeAnswer): void {
  outgoing.writeHead(status, { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers });
  outgoing.end(text ?? (body === undefined ? undefined : JSON.stringify(body)));
}

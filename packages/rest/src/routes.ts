import { coerce, SupervisorError, type Answerer, type Context, type OperationDescription, type Principal } from '@supervisor/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiPrefix, isQueried } from './openapi.js';

/** One route for each operation that names one. */
export function addRoutes(
  app: FastifyInstance,
  answerer: Answerer<Context>,
  authenticate: (request: FastifyRequest) => Promise<void>,
): void {
  for (const operation of answerer.operations) {
    if (!operation.route) continue;
    const { method, path } = operation.route;
    app.route({
      method,
      url: `${apiPrefix}${path.replace(/\{(\w+)\}/g, ':$1')}`,
      onRequest: authenticate,
      handler: async (request, reply) =>
        answerer.call(operation.name, readInput(operation, request), new RequestContext(request.principal, reply)),
    });
  }
}

function readInput(operation: OperationDescription, request: FastifyRequest): Record<string, unknown> {
  const { properties } = operation.input;
  // With no prototype: a field named __proto__ is an unknown one.
  const input = Object.create(null) as Record<string, unknown>;
  const query = request.query as Record<string, string | string[]>;
  const params = request.params as Record<string, string>;
  const refuseTwice = (given: object, where: string) => {
    const twice = Object.keys(given).find((field) => Object.hasOwn(params, field));
    if (twice !== undefined) throw new SupervisorError('invalid_input', `${twice} is in the path already; leave it out of the ${where}.`);
  };
  if (isQueried(operation.route!.method)) {
    // It would be left unread, and something else be done than was asked for.
    if (hasBody(request)) throw new SupervisorError('invalid_input', `${operation.name} takes its fields in the query, not in a body.`);
    refuseTwice(query, 'query');
    for (const field in query) input[field] = coerce(properties[field], query[field]!);
  } else {
    if (Object.keys(query).length > 0)
      throw new SupervisorError('invalid_input', `${operation.name} takes its fields in the body, not in the query.`);
    const body = request.body ?? {};
    if (typeof body !== 'object' || Array.isArray(body)) throw new SupervisorError('invalid_input', 'The body must be a JSON object.');
    refuseTwice(body, 'body');
    Object.assign(input, body);
  }
  for (const field in params) input[field] = coerce(properties[field], params[field]!);
  return input;
}

// Nothing at all and an empty object say the same. Of a GET Fastify reads none.
function hasBody({ body, headers, method }: FastifyRequest): boolean {
  if (method === 'GET') return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
  return body !== undefined && body !== null && JSON.stringify(body) !== '{}';
}

/** Whether a request came from another host: over the network, or through something that forwards. */
export function isElsewhere({ socket, headers }: Pick<FastifyRequest, 'socket' | 'headers'>): boolean {
  const forwarded = ['forwarded', 'x-forwarded-for', 'via'].some((name) => headers[name] !== undefined);
  return forwarded || !/^(::1|(::ffff:)?127\.)/.test(socket.remoteAddress ?? '');
}

// What an operation is told of the request: its signal fires when the client goes away. Most never ask for it, and one made for each request would be the largest part of what a read leaves behind.
class RequestContext implements Context {
  #signal: AbortSignal | undefined;
  readonly #reply: FastifyReply;

  constructor(
    readonly principal: Principal,
    reply: FastifyReply,
  ) {
    this.#reply = reply;
  }

  get elsewhere(): boolean {
    return isElsewhere(this.#reply.request);
  }

  get signal(): AbortSignal {
    if (this.#signal) return this.#signal;
    const controller = new AbortController();
    const { raw } = this.#reply;
    raw.once('close', () => {
      if (!raw.writableFinished) controller.abort();
    });
    this.#signal = controller.signal;
    return this.#signal;
  }

  progress(): void {}
}

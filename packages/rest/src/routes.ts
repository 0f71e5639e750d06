import { coerce, SupervisorError, type Answerer, type Context, type OperationDescription, type Principal } from '@supervisor/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiPrefix, isQueried } from './openapi.js';

/** One route for each operation that names one. */
export function addRoutes(
  app: FastifyInstance,
  answerer: Answerer<Context>,
  authenticate: (request: FastifyRequest) => Promise<Principal>,
): void {
  for (const operation of answerer.operations) {
    if (!operation.route) continue;
    const { method, path } = operation.route;
    app.route({
      method,
      url: `${apiPrefix}${path.replace(/\{(\w+)\}/g, ':$1')}`,
      handler: async (request, reply) => {
        const principal = await authenticate(request);
        return answerer.call(operation.name, readInput(operation, request), contextOf(principal, reply));
      },
    });
  }
}

function readInput(operation: OperationDescription, request: FastifyRequest): Record<string, unknown> {
  const { properties } = operation.input;
  const fromText = (values: Record<string, string | string[]>) =>
    Object.fromEntries(Object.entries(values).map(([field, text]) => [field, coerce(properties[field], text)]));
  const params = fromText(request.params as Record<string, string>);
  const query = fromText(request.query as Record<string, string | string[]>);
  if (isQueried(operation.route!.method)) return { ...query, ...params };
  if (Object.keys(query).length > 0)
    throw new SupervisorError('invalid_input', `${operation.name} takes its fields in the body, not in the query.`);
  const body = request.body ?? {};
  if (typeof body !== 'object' || Array.isArray(body)) throw new SupervisorError('invalid_input', 'The body must be a JSON object.');
  const twice = Object.keys(body).find((field) => Object.hasOwn(params, field));
  if (twice !== undefined) throw new SupervisorError('invalid_input', `${twice} is in the path already; leave it out of the body.`);
  return { ...body, ...params };
}

/** What an operation is told of the request: an abort signal that fires when the client goes away. */
export function contextOf(principal: Principal, reply: FastifyReply): Context {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return { principal, signal: controller.signal, progress: () => {} };
}

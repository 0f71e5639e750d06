import { SupervisorError, type Answerer, type Context } from '@supervisor/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** `/metrics` in Prometheus' format, and an answerer that counts what passes through it. */
export function addMetrics(
  app: FastifyInstance,
  authenticate: (request: FastifyRequest) => Promise<void>,
): { count(answerer: Answerer<Context>): Answerer<Context> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const calls = new Histogram({
    name: 'supervisor_operation_seconds',
    help: 'Time operations took over REST, by name and outcome',
    labelNames: ['operation', 'outcome'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  app.get('/metrics', { onRequest: authenticate }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  return {
    count: (answerer) => ({
      operations: answerer.operations,
      async call(name, input, context) {
        const started = performance.now();
        let outcome = 'ok';
        try {
          return await answerer.call(name, input, context);
        } catch (error) {
          outcome = error instanceof SupervisorError ? error.code : 'internal';
          throw error;
        } finally {
          calls.observe({ operation: name, outcome }, (performance.now() - started) / 1000);
        }
      },
    }),
  };
}

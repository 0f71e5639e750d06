import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { isLocal, SupervisorError, type Answerer, type Context, type Principal } from '@supervisor/core';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { readJsonOnly } from './body.js';
import { drainOf } from './drain.js';
import { Gate } from './gate.js';
import { addMetrics } from './metrics.js';
import { noteMethods } from './methods.js';
import { openApiDocument } from './openapi.js';
import { fastifyProblem, refuseConnection, sendProblem } from './problem.js';
import { addRoutes } from './routes.js';

export interface RestOptions {
  answerer: Answerer<Context>;
  version: string;
  verifyToken(token: string): Promise<Principal>;
  /** Every origin this server is reached by, such as `http://127.0.0.1:3099`, the usual one first. */
  origins(): readonly string[];
  /** Rejects while the database does not answer. */
  ping(): Promise<number>;
  /** Takes an unexpected error under the id that the caller is shown. */
  logError(id: string, operation: string, error: unknown): void;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, on a route with `authenticate`. */
    principal: Principal;
  }
}

export interface RestServer {
  app: FastifyInstance;
  /** For a route's `onRequest`: nobody else's body is read. */
  authenticate(request: FastifyRequest): Promise<void>;
  /** Answers what runs, for so long at most, and ends. */
  close(mostMilliseconds: number): Promise<void>;
}

const bodyLimit = 1024 * 1024;
// For a request to arrive, not for its answer.
const requestTimeout = 60_000;

// Answers are data: no browser may run, frame or keep them.
const headers = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

// Not for subdomains, nor for loopback, where one name is many services.
const onlyHttps = { 'strict-transport-security': 'max-age=31536000' };

// The reference is a page: its own scripts, its inline styles, and no forced https, which loopback does not have.
const pagePolicy = {
  contentSecurityPolicy: { directives: { styleSrc: ["'self'", "'unsafe-inline'"], upgradeInsecureRequests: null } },
  strictTransportSecurity: false,
};

function badPath({ statusCode }: { statusCode?: number | undefined }): SupervisorError {
  if (statusCode === 414) return new SupervisorError('invalid_input', 'A part of the path is too long.');
  return new SupervisorError('invalid_input', 'The path cannot be read: behind a % there must be two hex digits.');
}

function wrongMethod({ method }: FastifyRequest, methods: string[]): SupervisorError {
  return new SupervisorError('method_not_allowed', `This address takes ${methods.join(', ')}, not ${method}. /docs lists the routes.`);
}

function noRoute({ method, url }: FastifyRequest): SupervisorError {
  const hint = /\/secrets\//.test(url) ? " A secret's path is one part of the route: write its slashes as %2F." : '';
  return new SupervisorError('not_found', `There is no ${method} route here. /docs lists them.${hint}`);
}

/** The HTTP server: operations under `/api/v1`, their description, health and metrics. It does not listen yet. */
export async function createRestServer(options: RestOptions): Promise<RestServer> {
  const gate = new Gate(options.verifyToken, options.origins);
  const authenticate = async (request: FastifyRequest) => void (request.principal = await gate.authenticate(request));
  const secure = options.origins().some((origin) => origin.startsWith('https:') && !isLocal(origin));
  const allHeaders = secure ? { ...headers, ...onlyHttps } : headers;
  const app = fastify({
    bodyLimit,
    requestTimeout,
    clientErrorHandler: refuseConnection,
    routerOptions: { maxParamLength: 600 },
    // A path that cannot be decoded passes no hook and no other handler.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply.headers(allHeaders), badPath(error)),
  });
  const drain = drainOf(app.server);
  readJsonOnly(app);
  app.decorateRequest('principal', null as never);
  // Synchronous, and with the headers ready: this runs for every request.
  app.addHook('onRequest', (request, reply, done) => {
    gate.checkHost(request);
    reply.headers(allHeaders);
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const known = fastifyProblem(error);
    if (known) return sendProblem(reply, known);
    const id = crypto.randomUUID();
    options.logError(id, request.routeOptions.url ?? 'unknown route', error);
    return sendProblem(
      reply,
      new SupervisorError('internal', `Something went wrong inside Supervisor. The log has it under ${id}.`, { id }),
    );
  });
  const methodsOf = noteMethods(app);
  app.setNotFoundHandler((request, reply) => {
    const [path] = request.url.split('?');
    const methods = methodsOf(path!);
    return methods.length > 0
      ? sendProblem(reply.header('allow', methods.join(', ')), wrongMethod(request, methods))
      : sendProblem(reply, noRoute(request));
  });

  const metrics = addMetrics(app, authenticate);
  const document = openApiDocument(options.answerer.operations, options.version);
  await app.register(async (docs) => {
    // helmet writes past Fastify, whose own header would win.
    docs.addHook('onRequest', async (_request, reply) => void reply.removeHeader('content-security-policy'));
    await docs.register(helmet, pagePolicy);
    await docs.register(swagger, { mode: 'static', specification: { document: document as never } });
    await docs.register(swaggerUi, { routePrefix: '/docs', staticCSP: false });
  });
  app.get('/openapi.json', async () => document);
  app.get('/healthz', async () => ({ status: 'ok', version: options.version }));
  app.get('/readyz', async () => {
    await options.ping().catch(() => {
      throw new SupervisorError('unavailable', 'The database does not answer.');
    });
    return { status: 'ready' };
  });
  addRoutes(app, metrics.count(options.answerer), authenticate);
  return { app, authenticate, close: (mostMilliseconds) => drain(mostMilliseconds).then(() => app.close()) };
}

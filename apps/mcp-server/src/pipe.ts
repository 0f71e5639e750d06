import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { demandProject, readBuild, Session, type Place } from '@supervisor/client';
import type { Catalogue } from '@supervisor/core';
import { errorFromBody, SupervisorError } from '@supervisor/core/errors';
import { homeAt, type Home } from '@supervisor/core/home';
import { homeFailure } from '@supervisor/core/home-failure';
import { listTools, parseToolsets, resolveTool, takesOwnProject } from '@supervisor/core/tools';
import type { Options } from './options.js';
import { canShowPages, errorCode, initializeResult, type Message } from './protocol.js';
import { listen, send } from './stdio.js';

const service = fileURLToPath(new URL('../../api/dist/main.js', import.meta.url));

// A shell that pipes requests in and closes at once still gets its answers, from a service that runs. A host that goes away expects us
// gone within a second, also while a service starts.
const graceMilliseconds = 500;

/** Stands between an agent's host and the service: answers the beginning itself, passes the calls on. */
export function runPipe({ project, home: directory, selection }: Options): void {
  const home = homeAt(directory);
  const catalogue = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('@supervisor/supervisor/tools')), 'utf8')) as Catalogue;
  const own = listTools(catalogue.operations, selection);
  let tools: unknown[] = own;
  const running = new Map<string | number, AbortController>();
  let initialized = false;
  let showsPages = false;
  let ended = false;
  let comparing: Promise<void> | undefined;

  const { place, broken } = placeOf(process.cwd());
  const misplaced = project === undefined ? broken : undefined;
  const session = new Session({
    home,
    program: [process.execPath, service],
    hello: {
      role: 'agent',
      build: readBuild(fileURLToPath(import.meta.resolve('@supervisor/supervisor/build'))),
      session: crypto.randomUUID(),
      ...(project === undefined || project === place.project ? place : {}),
      ...(project === undefined ? {} : { project, bound: true }),
      ...selection,
    },
    onNotification: (method, params) => (method === 'show_page' ? showPage(params) : send({ method, params })),
    onConnect: () => {
      // Where asking loses the connection, the next one does not ask besides.
      comparing ??= compareTools()
        .catch(() => {})
        .finally(() => (comparing = undefined));
    },
  });

  // By the specification of 2025-11-25; what the person does there, the page itself tells the service.
  function showPage(page: object): void {
    const elicitationId = crypto.randomUUID();
    if (showsPages) send({ id: `page-${elicitationId}`, method: 'elicitation/create', params: { mode: 'url', elicitationId, ...page } });
  }

  async function compareTools(): Promise<void> {
    const answer = (await session.request('tools/list', {})) as { tools: unknown[] };
    if (JSON.stringify(answer.tools) === JSON.stringify(tools)) return;
    tools = answer.tools;
    if (initialized) send({ method: 'notifications/tools/list_changed' });
  }

  async function callTool(id: string | number, params: Record<string, unknown>): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const found = resolveTool(params['name'], catalogue.operations, { toolsets: parseToolsets('all') });
    // What this build does not know may not be safe to repeat.
    const repeat = 'operation' in found ? found.operation.repeat : 'never';
    try {
      // It would land in a project that nobody meant.
      if (misplaced && 'operation' in found && takesOwnProject(found.operation, params['arguments'])) throw misplaced;
      const result = await session.request('tools/call', params, { repeat, signal: controller.signal });
      if (!controller.signal.aborted) send({ id, result });
    } catch (error) {
      if (!controller.signal.aborted) send({ id, result: failure(error, home) });
    } finally {
      running.delete(id);
      if (ended && running.size === 0) process.exit(0);
    }
  }

  function receive({ id, method, params = {} }: Message): void {
    if (method === 'notifications/cancelled') return running.get(params['requestId'] as string | number)?.abort();
    if (method === undefined || id === undefined || id === null) return;
    switch (method) {
      case 'initialize':
        initialized = true;
        showsPages = canShowPages(params);
        return send({ id, result: initializeResult(params, catalogue.version, catalogue.instructions) });
      case 'ping':
        return send({ id, result: {} });
      case 'tools/list':
        return send({ id, result: { tools } });
      case 'tools/call':
        return void callTool(id, params);
      default:
        return send({ id, error: { code: errorCode.methodNotFound, message: `There is no method ${method.slice(0, 64)} here.` } });
    }
  }

  function end(): void {
    ended = true;
    if (running.size === 0) process.exit(0);
    setTimeout(() => process.exit(0), graceMilliseconds);
  }

  listen(receive);
  process.stdin.on('end', end).on('close', end);
  // The service comes up while the host still says hello; a call that fails says why.
  session.open().catch(() => {});
}

function placeOf(directory: string): { place: Place; broken?: SupervisorError } {
  try {
    return { place: demandProject(directory) };
  } catch (error) {
    if (!(error instanceof SupervisorError)) throw error;
    return { place: {}, broken: error };
  }
}

function failure(error: unknown, home: Home): object {
  const unforeseen = () => errorFromBody({ message: 'The pipe to the service failed.' });
  const known = error instanceof SupervisorError ? error : (homeFailure(error, home) ?? unforeseen());
  return { content: [{ type: 'text', text: JSON.stringify({ error: known.toJSON() }) }], isError: true };
}

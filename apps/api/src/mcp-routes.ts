import { parseToolsets, slugPattern, SupervisorError, type Principal, type ToolSelection } from '@supervisor/core';
import { answerHttp, type McpOptions } from '@supervisor/mcp';
import { isElsewhere, type RestServer } from '@supervisor/rest';
import type { Supervisor } from '@supervisor/supervisor';
import type { FastifyRequest } from 'fastify';

/** MCP over Streamable HTTP at `/mcp`, and at `/mcp/{project}` confined to that project. */
export function addMcpRoutes(
  { app, authenticate }: RestServer,
  { select, ...options }: Pick<McpOptions, 'answerer' | 'version' | 'instructions'> & Pick<Supervisor, 'select'>,
): void {
  const url = ['/mcp', '/mcp/:project'];
  for (const path of url) {
    app.post(path, async (request, reply) => {
      const principal = confine(await authenticate(request), (request.params as { project?: string }).project);
      const selection = await select(readSelection(request));
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
      reply.hijack();
      await answerHttp(
        { ...options, selection, caller: { principal, project: principal.boundTo ?? undefined, elsewhere: isElsewhere(request) } },
        request.raw,
        reply.raw,
        request.body,
      );
    });
    // Nothing is kept between requests, so there is no stream to open and no session to end.
    app.route({
      method: ['GET', 'DELETE'],
      url: path,
      handler: (_request, reply) =>
        reply
          .code(405)
          .header('allow', 'POST')
          .type('application/problem+json')
          .send(
            '{"type":"urn:supervisor:error:method_not_allowed","title":"method not allowed","status":405,"detail":"POST JSON-RPC messages here."}',
          ),
    });
  }
}

function confine(principal: Principal, project: string | undefined): Principal {
  if (project === undefined) return principal;
  if (!slugPattern.test(project)) throw new SupervisorError('invalid_input', 'The path names no project slug.');
  if (principal.boundTo !== null && principal.boundTo !== project)
    throw new SupervisorError('forbidden', `This token is bound to project ${principal.boundTo}.`);
  // A token of its own project keeps what it was granted besides; one for all projects has this one here.
  return { ...principal, boundTo: project, ...(principal.boundTo === null ? { only: project } : {}) };
}

function readSelection(request: FastifyRequest): ToolSelection {
  const { toolsets, readOnly } = request.query as Record<string, string | string[] | undefined>;
  try {
    return { toolsets: parseToolsets([toolsets ?? []].flat().join(',')), readOnly: readOnly !== undefined && readOnly !== 'false' };
  } catch (error) {
    throw new SupervisorError('invalid_input', (error as Error).message);
  }
}

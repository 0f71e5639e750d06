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
  // Nothing is kept between requests, so there is no stream to GET and no session to DELETE.
  for (const path of ['/mcp', '/mcp/:project']) {
    app.post(path, { onRequest: authenticate }, async (request, reply) => {
      const principal = confine(request.principal, (request.params as { project?: string }).project);
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

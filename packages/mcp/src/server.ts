// The one adapter to the SDK. Definitions know nothing of it, so that another SDK means another file like this one.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { listTools, type Answerer, type Context, type ToolSelection } from '@supervisor/core';
import { callTool } from './call-tool.js';

export interface McpOptions {
  answerer: Answerer<Context>;
  version: string;
  instructions: string;
  selection: ToolSelection;
  /** Who calls, and in which project. */
  caller: Omit<Context, 'signal' | 'progress'>;
}

/** An MCP server over the selected operations, to be connected to any transport. */
export function createMcpServer({ answerer, version, instructions, selection, caller }: McpOptions): Server {
  // The capability is declared even when no tool is left: without it the SDK answers tools/list with "method not found".
  const server = new Server({ name: 'supervisor', version }, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listTools(answerer.operations, selection) }));
  // Not with the SDK's schema of tools/call: to arguments that are no object it would answer, past the model, with zod's issues.
  server.fallbackRequestHandler = async ({ method, params = {} }, extra) => {
    if (method !== 'tools/call') throw new McpError(ErrorCode.MethodNotFound, 'Method not found');
    const { name, arguments: input, _meta } = params;
    const progressToken = _meta?.progressToken;
    const progress: Context['progress'] = (done, total, message) => {
      if (progressToken === undefined) return;
      const params = {
        progressToken,
        progress: done,
        ...(total === undefined ? {} : { total }),
        ...(message === undefined ? {} : { message }),
      };
      void extra.sendNotification({ method: 'notifications/progress', params }).catch(() => {});
    };
    return callTool(answerer, selection, name, input, { ...caller, signal: extra.signal, progress });
  };
  return server;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpServer, type McpOptions } from './server.js';

/** Answers one MCP request over Streamable HTTP. Nothing is kept between requests: any replica may answer the next one. */
export async function answerHttp(options: McpOptions, request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
  const server = createMcpServer(options);
  // Without a generator of session ids the transport is stateless.
  const transport = new StreamableHTTPServerTransport({});
  response.once('close', () => void server.close());
  await server.connect(transport as Parameters<typeof server.connect>[0]);
  await transport.handleRequest(request, response, body);
}

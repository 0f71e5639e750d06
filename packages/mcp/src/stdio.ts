import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createMcpServer, type McpOptions } from './server.js';

/** Serves MCP on stdin and stdout. Resolves when stdin has ended; the SDK's transport alone would stay for ever. */
export async function serveStdio(options: McpOptions): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (process.stdin.readableEnded) resolve();
    process.stdin.once('end', resolve).once('close', resolve);
  });
  const server = createMcpServer(options);
  await server.connect(new StdioServerTransport());
  await ended;
  await server.close();
}

import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createMcpServer, type McpOptions } from './server.js';

// A host that waits longer for an answer after it has closed stdin is not known.
const drainMilliseconds = 30_000;

/** Serves MCP on stdin and stdout. Resolves when stdin has ended and what ran is answered; the SDK's transport alone would stay for ever. */
export async function serveStdio({ answerer, ...options }: McpOptions): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (process.stdin.readableEnded) resolve();
    process.stdin.once('end', resolve).once('close', resolve);
  });
  const running = new Set<Promise<unknown>>();
  const call: typeof answerer.call = (...words) => {
    const answer = answerer.call(...words);
    const over = answer.catch(() => {});
    running.add(over);
    void over.then(() => running.delete(over));
    return answer;
  };
  const server = createMcpServer({ ...options, answerer: { ...answerer, call } });
  await server.connect(new StdioServerTransport());
  await ended;
  // The last lines come to their calls, and afterwards their answers to stdout, a moment later.
  await setImmediate();
  await Promise.race([Promise.all(running), sleep(drainMilliseconds, undefined, { ref: false })]);
  await setImmediate();
  await server.close();
}

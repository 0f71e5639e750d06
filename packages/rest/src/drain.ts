import type { Server, ServerResponse } from 'node:http';
import { Server as Listener } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Notes what a server has not answered yet.
 * @returns what ends it: no new connection is taken, the requests that run are answered, for so long at most, and nothing else is waited for
 */
export function drainOf(server: Server): (mostMilliseconds: number) => Promise<void> {
  const unanswered = new Set<ServerResponse>();
  let onAnswered: (() => void) | undefined;
  server.prependListener('request', (_request, response) => {
    unanswered.add(response);
    if (onAnswered) response.shouldKeepAlive = false;
    response.once('close', () => {
      unanswered.delete(response);
      if (unanswered.size === 0) onAnswered?.();
    });
  });
  return async (mostMilliseconds) => {
    const answered = new Promise<void>((resolve) => (onAnswered = resolve));
    // That of HTTP would cut off what is written and not yet sent.
    Listener.prototype.close.call(server);
    // A client that keeps its connection is told that it ends: it would send the next request into nothing.
    for (const response of unanswered) response.shouldKeepAlive = false;
    if (unanswered.size > 0) await Promise.race([answered, sleep(mostMilliseconds, undefined, { ref: false })]);
    server.closeAllConnections();
  };
}

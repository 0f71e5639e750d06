import type { Server, ServerResponse } from 'node:http';
import { Server as Listener, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Notes the latest answer of each connection of a server, those before it having been sent.
 * @returns what ends it: no new connection is taken, the requests that run are answered, for so long at most, and nothing else is waited for
 */
export function drainOf(server: Server): (mostMilliseconds: number) => Promise<void> {
  const answers = new Map<Socket, ServerResponse>();
  let ending = false;
  server.on('connection', (socket: Socket) => void socket.once('close', () => answers.delete(socket)));
  server.prependListener('request', ({ socket }, response) => {
    answers.set(socket, response);
    if (ending) response.shouldKeepAlive = false;
  });
  const unsent = () => [...answers.values()].filter(({ destroyed }) => !destroyed);
  const allSent = async () => {
    // Others may come meanwhile.
    for (let some = unsent(); some.length > 0; some = unsent())
      await Promise.all(some.map((answer) => new Promise((resolve) => answer.once('close', resolve))));
  };
  return async (mostMilliseconds) => {
    ending = true;
    // That of HTTP would cut off what is written and not yet sent.
    Listener.prototype.close.call(server);
    // A client that keeps its connection is told that it ends: it would send the next request into nothing.
    for (const answer of unsent()) answer.shouldKeepAlive = false;
    await Promise.race([allSent(), sleep(mostMilliseconds, undefined, { ref: false })]);
    server.closeAllConnections();
  };
}

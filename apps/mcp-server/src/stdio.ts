import { longestLine, readLines } from '@supervisor/client';
import { answerable, isRequest, notJson, notRequest, parse, type Message } from './protocol.js';

/** Sends the host a message. */
export function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

// What is too large for a service is read all the same: to be refused under its id. Without one a host would wait for its answer.
const longest = 8 * longestLine;

/** Calls back for each request of the host, those of a batch too; answers itself what is none. */
export function listen(receive: (message: Message) => void): void {
  readLines(
    process.stdin,
    (line) => {
      const messages = line === null ? undefined : parse(line);
      if (messages === undefined) return send({ id: null, error: notJson });
      if (messages.length === 0) return send({ id: null, error: notRequest });
      for (const message of messages) {
        if (isRequest(message)) receive(message);
        else refuse(message);
      }
    },
    longest,
  );
  process.stdout.on('error', () => process.exit(0));
}

// What has no method answers a question of ours.
function refuse({ id, method }: Message): void {
  if (id !== undefined && method !== undefined) send({ id: answerable(id) ? id : null, error: notRequest });
}

import { readLines } from '@supervisor/client';
import { answerable, isRequest, notJson, notRequest, parse, type Message } from './protocol.js';

/** Sends the host a message. */
export function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/** Calls back for each request of the host, those of a batch too; answers itself what is none. */
export function listen(receive: (message: Message) => void): void {
  readLines(process.stdin, (line) => {
    const messages = line === null ? undefined : parse(line);
    if (messages === undefined) return send({ id: null, error: notJson });
    if (messages.length === 0) return send({ id: null, error: notRequest });
    for (const message of messages) {
      if (isRequest(message)) receive(message);
      else refuse(message);
    }
  });
  process.stdout.on('error', () => process.exit(0));
}

// What has no method answers a question of ours.
function refuse({ id, method }: Message): void {
  if (id !== undefined && method !== undefined) send({ id: answerable(id) ? id : null, error: notRequest });
}

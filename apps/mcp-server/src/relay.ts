import { readFileSync } from 'node:fs';
import { readLines, readLogins } from '@supervisor/client';
import { homeAt } from '@supervisor/core/home';
import type { Options } from './options.js';
import { errorCode, type Message } from './protocol.js';

// A call may wait for a VM; fetch itself gives up after 300 seconds without a header.
const deadlineMilliseconds = 295_000;

/** Passes every message to a service elsewhere, over Streamable HTTP. */
export function runRelay({ url, home, project, selection }: Options): void {
  const target = new URL(project === undefined ? 'mcp' : `mcp/${encodeURIComponent(project)}`, url!.endsWith('/') ? url : `${url}/`);
  if (selection.toolsets) target.searchParams.set('toolsets', selection.toolsets.join(','));
  if (selection.readOnly) target.searchParams.set('readOnly', 'true');
  const token = readToken(target.origin, home);
  const send = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

  async function relay(line: string): Promise<void> {
    const message = JSON.parse(line) as Message;
    try {
      const response = await fetch(target, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: line,
        redirect: 'error',
        signal: AbortSignal.timeout(deadlineMilliseconds),
      });
      const text = await response.text();
      if (!response.ok) throw new Error((JSON.parse(text) as { detail?: string }).detail ?? `the service answered ${response.status}`);
      for (const answer of readAnswers(text)) send(answer);
    } catch (error) {
      if (message.id === undefined) return;
      send({
        jsonrpc: '2.0',
        id: message.id,
        error: { code: errorCode.internal, message: `${target.origin}: ${reason(error as Error)}` },
      });
    }
  }

  let open = 0;
  let ended = false;
  const settle = () => ended && open === 0 && process.exit(0);
  readLines(process.stdin, (line) => {
    if (line === null) return;
    open++;
    void relay(line)
      .catch(() => {})
      .finally(() => {
        open--;
        settle();
      });
  });
  process.stdin.on('end', () => {
    ended = true;
    settle();
    setTimeout(() => process.exit(0), 500);
  });
  process.stdout.on('error', () => process.exit(0));
}

function readToken(origin: string, home: string | undefined): string {
  const { SUPERVISOR_TOKEN: token, SUPERVISOR_TOKEN_FILE: file } = process.env;
  const found = token || (file ? readFileSync(file, 'utf8').trim() : readLogins(homeAt(home))[origin]?.token);
  if (!found)
    throw new Error(`There is no token for ${origin}. Run supervisor login ${origin}, or set SUPERVISOR_TOKEN_FILE to a file with one.`);
  return found;
}

// The service answers either with one JSON message or with a stream of events that each hold one.
function readAnswers(text: string): object[] {
  if (text.trim() === '') return [];
  if (text.trimStart().startsWith('{')) return [JSON.parse(text) as object];
  return [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data!) as object);
}

function reason({ name, message }: Error): string {
  if (name !== 'TimeoutError') return message;
  return `no answer within ${deadlineMilliseconds / 1000} seconds. What was begun there may go on: ask how it stands before asking again.`;
}

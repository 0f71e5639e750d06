import { readFileSync } from 'node:fs';
import { readLogins } from '@supervisor/client';
import { homeAt } from '@supervisor/core/home';
import type { Options } from './options.js';
import { answerable, errorCode, type Message } from './protocol.js';
import { listen, send } from './stdio.js';

// A call may wait for a VM; fetch itself gives up after 300 seconds without a header.
const deadlineMilliseconds = 295_000;

/** Passes every message to a service elsewhere, over Streamable HTTP. */
export function runRelay({ url, home, project, selection }: Options): void {
  const target = new URL(project === undefined ? 'mcp' : `mcp/${encodeURIComponent(project)}`, url!.endsWith('/') ? url : `${url}/`);
  if (selection.toolsets) target.searchParams.set('toolsets', selection.toolsets.join(','));
  if (selection.readOnly) target.searchParams.set('readOnly', 'true');
  const token = readToken(target.origin, home);
  const running = new Map<unknown, AbortController>();

  async function relay(message: Message): Promise<void> {
    const { id, method, params } = message;
    // The service keeps nothing between requests: what ends a call is that its connection ends.
    if (method === 'notifications/cancelled') return running.get(params?.['requestId'])?.abort();
    const controller = new AbortController();
    if (answerable(id)) running.set(id, controller);
    try {
      for (const answer of await post(JSON.stringify(message), controller.signal)) send(answer);
    } catch (error) {
      if (controller.signal.aborted || !answerable(id)) return;
      send({ id, error: { code: errorCode.internal, message: `${target.origin}: ${reason(error as Error)}` } });
    } finally {
      running.delete(id);
    }
  }

  async function post(body: string, cancelled: AbortSignal): Promise<object[]> {
    const response = await fetch(target, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body,
      redirect: 'error',
      signal: AbortSignal.any([cancelled, AbortSignal.timeout(deadlineMilliseconds)]),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(readProblem(text) ?? `the service answered ${response.status}`);
    return readAnswers(text);
  }

  let open = 0;
  let ended = false;
  const settle = () => ended && open === 0 && process.exit(0);
  // Those of a batch each by itself: it would be answered when its slowest call is, and the service need not take one.
  listen((message) => {
    open++;
    void relay(message).finally(() => {
      open--;
      settle();
    });
  });
  process.stdin.on('end', () => {
    ended = true;
    settle();
    setTimeout(() => process.exit(0), 500);
  });
}

function readToken(origin: string, home: string | undefined): string {
  const { SUPERVISOR_TOKEN: token, SUPERVISOR_TOKEN_FILE: file } = process.env;
  const found = token || (file ? readFileSync(file, 'utf8').trim() : readLogins(homeAt(home))[origin]?.token);
  if (!found)
    throw new Error(`There is no token for ${origin}. Run supervisor login ${origin}, or set SUPERVISOR_TOKEN_FILE to a file with one.`);
  return found;
}

// The service answers either with one JSON message or with a stream of events that each hold one. U+2028 ends no line of those.
function readAnswers(text: string): object[] {
  if (text.trim() === '') return [];
  if (text.trimStart().startsWith('{')) return [JSON.parse(text) as object];
  const events = text.split(/\r?\n/).filter((line) => line.startsWith('data: '));
  return events.map((line) => JSON.parse(line.slice('data: '.length)) as object);
}

function readProblem(text: string): string | undefined {
  try {
    const { detail, error } = JSON.parse(text) as { detail?: string; error?: { message?: string } };
    return detail ?? error?.message;
  } catch {
    return undefined;
  }
}

function reason({ name, message }: Error): string {
  if (name !== 'TimeoutError') return message;
  return `no answer within ${deadlineMilliseconds / 1000} seconds. What was begun there may go on: ask how it stands before asking again.`;
}

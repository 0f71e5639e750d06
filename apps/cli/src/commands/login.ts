import { writeLogin } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import { isPlain, parseOrigin } from '@supervisor/core/origin';
import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';
import { readHidden } from '../prompt.js';

export const usage = `Usage: supervisor login URL

Asks for a token of the service at URL, checks it there, and keeps it in logins.json of this home, which only you can read.
supervisor mcp --url URL then needs nothing else. The token is asked for at a hidden prompt, or read from stdin.
The owner over there makes one: supervisor tokens create NAME

Example: supervisor login https://supervisor.example.com
`;

const deadlineMilliseconds = 15_000;

export async function run(words: string[], { home }: Caller): Promise<void> {
  const [url] = parseFlags(words, {}, 1).positionals;
  if (url === undefined) throw new UsageError('Missing: URL');
  const origin = parseOrigin(url, 'The URL');
  if (isPlain(origin)) process.stderr.write(`${origin} is not encrypted: whoever is on the network between can read the token.\n`);
  const token = (await readHidden('token')).trim();
  const version = await check(origin, token);
  writeLogin(home, origin, token);
  console.log(`Logged in to ${origin}, Supervisor ${version}. The token is in ${home.logins}.`);
  console.log(`An agent uses it with: supervisor mcp --url ${origin}`);
}

/** @returns the version of the service. @throws SupervisorError that says why the token or the address is not right */
async function check(origin: string, token: string): Promise<string> {
  // Anything else could not stand in a header.
  if (!/^[\x21-\x7e]{1,200}$/.test(token)) throw new SupervisorError('invalid_input', 'That is no token: one is a single word, sup_….');
  const response = await ask(origin, token);
  const answer = (await response.json().catch(() => ({}))) as { version?: unknown; detail?: unknown };
  if (response.ok && typeof answer.version === 'string') return answer.version;
  if (response.status === 401)
    throw new SupervisorError(
      'unauthenticated',
      `${origin} does not know this token. Copy it whole, or ask the owner there for a new one.`,
    );
  if (typeof answer.detail === 'string') throw new SupervisorError('unavailable', `${origin}: ${answer.detail}`);
  throw new SupervisorError('unavailable', `${origin} answers ${response.status}, but not as Supervisor does. Is the URL right?`);
}

async function ask(origin: string, token: string): Promise<Response> {
  try {
    return await fetch(`${origin}/api/v1/status`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(deadlineMilliseconds),
    });
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    const why = cause?.code ?? cause?.message ?? message;
    throw new SupervisorError('unavailable', `${origin} cannot be reached (${why}). Nothing was kept.`);
  }
}

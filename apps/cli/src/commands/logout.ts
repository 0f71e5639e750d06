import { readLogins, writeLogin } from '@supervisor/client';
import { SupervisorError } from '@supervisor/core/errors';
import { parseOrigin } from '@supervisor/core/origin';
import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';

export const usage = `Usage: supervisor logout URL

Forgets the token of the service at URL. There it stays valid until its owner revokes it.

Example: supervisor logout https://supervisor.example.com
`;

export function run(words: string[], { home }: Caller): void {
  const [url] = parseFlags(words, {}, 1).positionals;
  if (url === undefined) throw new UsageError('Missing: URL');
  const origin = parseOrigin(url, 'The URL');
  const logins = readLogins(home);
  const login = logins[origin];
  if (!login) {
    const near = Object.keys(logins);
    throw new SupervisorError(
      'not_found',
      `There is no login for ${origin}.${near.length > 0 ? ` Is it one of: ${near.join(' · ')}?` : ''}`,
    );
  }
  writeLogin(home, origin, null);
  const [, id] = login.token.split('_');
  console.log(`Logged out of ${origin}. To end the token itself, its owner runs there: supervisor tokens revoke ${id}`);
}

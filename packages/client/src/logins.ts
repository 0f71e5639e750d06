import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { SupervisorError } from '@supervisor/core/errors';
import type { Home } from '@supervisor/core/home';

/**
 * What logins.json holds (0600): by origin, the token for the service there.
 * `{"https://supervisor.example.com": {"token": "sup_…", "since": "2026-11-24T21:00:00.000Z"}}`
 */
export type Logins = Record<string, { token: string; since: string }>;

/** @throws SupervisorError `conflict` when the file is not what `writeLogin` writes */
export function readLogins(home: Home): Logins {
  if (!existsSync(home.logins)) return {};
  try {
    return JSON.parse(readFileSync(home.logins, 'utf8')) as Logins;
  } catch {
    throw new SupervisorError('conflict', `${home.logins} is not JSON. Remove it and log in again.`);
  }
}

/** Keeps a token for an origin, or with null forgets it. */
export function writeLogin(home: Home, origin: string, token: string | null): void {
  const { [origin]: _before, ...others } = readLogins(home);
  const logins: Logins = token === null ? others : { ...others, [origin]: { token, since: new Date().toISOString() } };
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  const temporary = `${home.logins}.${process.pid}.new`;
  writeFileSync(temporary, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, home.logins);
}

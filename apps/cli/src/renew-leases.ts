import type { Caller } from './caller.js';
import type { Granted } from './environment.js';

/**
 * Asks again for ports that were given for a time, three times within the shortest, so that they stay while a program uses them.
 * @returns ends it; undefined when all were given for good
 */
export function renewLeases(caller: Caller, grants: readonly Granted[]): (() => void) | undefined {
  const leased = grants.filter(({ expiresAt }) => expiresAt !== null);
  if (leased.length === 0) return undefined;
  const shortest = Math.min(...leased.map(({ expiresAt }) => Date.parse(expiresAt!) - Date.now()));
  const timer = setInterval(
    () => {
      // A service that is away for a while costs a program nothing: the next time counts.
      for (const { service } of leased) caller.call('allocate_port', { service }).catch(() => {});
    },
    Math.max(shortest / 3, 250),
  );
  return () => clearInterval(timer);
}

import type { Principal, Scope } from './principal.js';

/** What a token may do with the secrets whose paths fit. */
export interface Grant {
  /** A path whose segments may hold `*` for any characters; a segment `**` stands for any number of segments. */
  paths: string;
  actions: Scope[];
}

/** The one place that decides whether a principal may do this to the secret at a path. A token may what its grants say and nothing else. */
export function mayReach(principal: Principal, action: Scope, path: string): boolean {
  if (principal.only !== undefined && !path.startsWith(`${principal.only}/`)) return false;
  return principal.kind !== 'token' || isGranted(principal.grants ?? [], action, path);
}

/** Denies by default. */
export function isGranted(grants: readonly Grant[], action: Scope, path: string): boolean {
  return grants.some(({ paths, actions }) => actions.includes(action) && matchesPath(paths, path));
}

function matchesPath(pattern: string, path: string): boolean {
  return fits(pattern.split('/'), path.split('/'), '**', (segment, name) => fits([...segment], [...name], '*', (a, b) => a === b));
}

// Only the last wildcard is ever taken back to: no pattern makes this slower than its length times the path's.
function fits(pattern: string[], text: string[], wildcard: string, same: (expected: string, found: string) => boolean): boolean {
  let [at, read, star, taken] = [0, 0, -1, 0];
  while (read < text.length) {
    if (pattern[at] === wildcard) [star, taken] = [at++, read];
    else if (at < pattern.length && same(pattern[at]!, text[read]!)) [at, read] = [at + 1, read + 1];
    else if (star >= 0) [at, read] = [star + 1, ++taken];
    else return false;
  }
  return pattern.slice(at).every((rest) => rest === wildcard);
}

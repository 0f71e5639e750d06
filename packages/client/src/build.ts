import { readFileSync } from 'node:fs';

/** Which build a process runs: what is in it, and when it was made. */
export interface Build {
  id: string;
  at: string;
}

/** Reads a build's stamp; undefined where there is none, as in a checkout that was compiled by hand. */
export function readBuild(path: string): Build | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Build;
  } catch {
    return undefined;
  }
}

/** Whether a service of build `own` has to make way for a caller of build `other`. */
export function isOutdated(own: Build | undefined, other: unknown): boolean {
  const { id, at } = (other ?? {}) as Partial<Build>;
  return own !== undefined && typeof id === 'string' && typeof at === 'string' && id !== own.id && at > own.at;
}

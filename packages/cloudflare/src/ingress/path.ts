import { RE2JS } from 're2js';

/** What is wrong with a path's pattern, in the syntax of Go's regexp (RE2), which knows no look-around and no back-references. */
export function patternProblem(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).slice(0, 200);
  }
}

/** Whether a pattern fits anywhere in a path, in time that grows with the path's length only. */
export function matchesPath(pattern: string | undefined, path: string): boolean {
  return !pattern || RE2JS.compile(pattern).matcher(path).find();
}

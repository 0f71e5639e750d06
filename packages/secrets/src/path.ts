import { SupervisorError } from '@supervisor/core/errors';
import { slugPattern } from '@supervisor/core/slug';

export const longestPath = 200;
/** Bytes of UTF-8. */
const largestValue = 64 * 1024;

const segment = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Why a path is refused; undefined when it is fine. Its first segment is a project. */
export function pathProblem(path: string): string | undefined {
  if (path.length > longestPath) return `must be at most ${longestPath} characters`;
  const [project = '', ...rest] = path.split('/');
  if (rest.length > 0 && slugPattern.test(project) && rest.every((name) => segment.test(name))) return undefined;
  return 'must look like project/provider/name: a project slug, then one or more names of letters, digits and ._-';
}

/** @throws SupervisorError `invalid_input` */
export function checkPath(path: string): void {
  const problem = pathProblem(path);
  if (problem) throw new SupervisorError('invalid_input', `path ${problem}.`);
}

/** Why a value is refused; undefined when it is fine. */
export function valueProblem(value: string): string | undefined {
  if (value === '') return 'must not be empty';
  if (Buffer.byteLength(value) > largestValue) return `must be at most ${largestValue / 1024} KiB`;
  return /\p{Cs}/u.test(value) ? 'must not contain broken surrogate pairs' : undefined;
}

/** The project a path belongs to. */
export function projectOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

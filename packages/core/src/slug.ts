import { SupervisorError } from './errors.js';

/** A project's slug: lower-case letters, digits and dashes, at most 63 characters, starting and ending with a letter or digit. */
export const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** How the field of a project is described that the caller's own fills in. */
export const ownProject = 'Else your own';

/** Why a project's name is refused that is no slug. */
export const slugProblem = 'must be a project slug: lower-case letters, digits and dashes, at most 63 characters';

/** For what is called without an operation. @throws SupervisorError `invalid_input` */
export function checkProject(project: string): void {
  if (!slugPattern.test(project)) throw new SupervisorError('invalid_input', `project ${slugProblem}.`, { fields: ['project'] });
}

/** The slug that a text gives; undefined when it has no letter or digit. */
export function toSlug(text: string): string | undefined {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return slug || undefined;
}

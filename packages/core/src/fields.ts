import { z } from 'zod';
import { ownProject, slugPattern, slugProblem } from './slug.js';

/** Names a project. */
export const slug = z.string().regex(slugPattern, slugProblem);

/** The project a call is about. The caller's own fills it in; `fallback` when the caller has none. */
export function projectField(fallback?: string) {
  return slug.meta({ project: 'own', fallback, description: ownProject });
}

/** Narrows a list to one project; a caller bound to a project always gets its own. */
export function projectFilter() {
  return slug.optional().meta({ project: 'filter', description: 'Only this project' });
}

const name = '[A-Za-z0-9][A-Za-z0-9 ._:/@#+-]*';
const nameProblem = 'must start with a letter or digit and hold only letters, digits, spaces and ._:/@#+-';

/** A copy of the project with things of its own. The caller's linked worktree fills it in; the empty text is the main copy. */
export function instanceField() {
  return z
    .string()
    .max(200)
    .regex(new RegExp(`^(?:${name})?$`), nameProblem)
    .describe('A worktree or other copy of the project')
    .optional()
    .meta({ instance: true });
}

/** The name of a service, a task or another thing inside a project. */
export function nameField(description: string, longest = 100) {
  return z
    .string()
    .min(1)
    .max(longest)
    .regex(new RegExp(`^${name}$`), nameProblem)
    .describe(description);
}

// PostgreSQL cannot store NUL in text, and an unpaired surrogate is not valid UTF-8.
const storable = /^[^\0\p{Cs}]*$/u;

/** Free text that PostgreSQL can store. */
export function textField(description: string, longest = 2000) {
  return z
    .string()
    .max(longest)
    .refine((text) => storable.test(text), 'must not contain NUL or broken surrogate pairs')
    .describe(description);
}

/** The same as a person or an agent writes it: `bind` takes keys out of it before anything stores it. */
export function proseField(description: string, longest?: number) {
  return textField(description, longest).meta({ prose: true });
}

/** Marks a field that never goes to flags, URLs, logs or audit rows. */
export function sensitive<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), sensitive: true });
}

/** An instant as ISO 8601 text in UTC. Before the year 1000 dates are read otherwise; the last tenth of 9999 is rounded beyond it. */
export const instant = z.iso
  .datetime()
  .refine((text) => text >= '1000' && !text.startsWith('9999-12-31T23:59:59.9'), 'must be a time of the years 1000 to 9999');

/** `limit` and `cursor` of every list. */
export const page = {
  limit: z.int().min(1).max(500).default(100).describe('At most this many, 1–500'),
  cursor: textField("The last answer's nextCursor", 500).optional(),
};

/** The cursor after the last row of a page that others follow, and none after the last page. */
export const nextCursor = z.string().optional().describe('Pass as cursor for the next page; absent at the end');

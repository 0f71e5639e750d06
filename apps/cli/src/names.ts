import { createHash } from 'node:crypto';
import { toSlug } from '@supervisor/core/slug';

/** A text as a name that Supervisor takes: what it cannot hold becomes a dash. */
export function nameOf(text: string, longest: number): string {
  const plain = text.replace(/[^A-Za-z0-9 ._:/@#+-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return plain.slice(0, longest) || 'unnamed';
}

/** The same for what must stay different from others: a text that was changed ends with a part of its hash. */
export function idOf(text: string, longest: number): string {
  const plain = nameOf(text, longest);
  return plain === text ? text : `${plain.slice(0, longest - 9)}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

/** A text as a project's slug. */
export function slugOf(text: string): string {
  return toSlug(text) ?? 'meta';
}

/** A text as a name that Supervisor takes: what it cannot hold becomes a dash. */
export function nameOf(text: string, longest: number): string {
  const plain = text.replace(/[^A-Za-z0-9 ._:/@#+-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return plain.slice(0, longest) || 'unnamed';
}

/** A text as a project's slug. */
export function slugOf(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return plain || 'meta';
}

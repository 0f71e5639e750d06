const scheme = 'supervisor://';

/** What stands in a file in place of a secret's value: it says where the value is, and is none. */
export function referenceTo(path: string): string {
  return `${scheme}${path}`;
}

export function isReference(value: string): boolean {
  return value.startsWith(scheme);
}

/** The secret's path in a reference. */
export function pathOf(reference: string): string {
  return reference.slice(scheme.length);
}

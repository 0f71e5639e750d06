import { SupervisorError } from '@supervisor/core';

/** Names our row: what has this label with the row's id is ours, everything else is not. */
export const ownerLabel = 'supervisor-vm';
const prefix = 'supervisor-';

export function ownLabels({ id, project }: { id: string; project: string }): Record<string, string> {
  return { [ownerLabel]: id, 'supervisor-project': project };
}

/** @throws SupervisorError `invalid_input` for what Google would refuse, and for labels that are Supervisor's or Google's own */
export function demandLabels(labels: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(labels)) {
    const problem = !/^[a-z][a-z0-9_-]{0,62}$/.test(key)
      ? 'a key starts with a lower-case letter and holds lower-case letters, digits, _ and -, at most 63'
      : isReserved(key)
        ? `keys that start with ${prefix} or goog- are not yours`
        : !/^[a-z0-9_-]{0,63}$/.test(value)
          ? 'a value holds lower-case letters, digits, _ and -, at most 63'
          : undefined;
    if (problem) throw new SupervisorError('invalid_input', `labels: ${problem}.`, { fields: ['labels'] });
  }
  if (Object.keys(labels).length > 60) throw new SupervisorError('invalid_input', 'labels: at most 60.', { fields: ['labels'] });
}

/** The labels a VM shall have: the caller's, and of those it has now only Supervisor's and Google's own. */
export function mergeLabels(wanted: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): Record<string, string> {
  return { ...wanted, ...Object.fromEntries(Object.entries(now).filter(([key]) => isReserved(key))) };
}

/** The caller's own labels among those of a VM. */
export function withoutReserved(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !isReserved(key)));
}

function isReserved(key: string): boolean {
  return key.startsWith(prefix) || key.startsWith('goog-');
}

export function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

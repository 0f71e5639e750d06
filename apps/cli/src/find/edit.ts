import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FoundService } from './service.js';

/** The file of a service as it is after its edit; undefined when there is none, or the file has changed since. */
export function applyEdit(folder: string, { file, edit }: FoundService): string | undefined {
  if (!edit) return undefined;
  const text = readFileSync(join(folder, file), 'utf8');
  return text.includes(edit.from) ? text.replace(edit.from, () => edit.to) : undefined;
}

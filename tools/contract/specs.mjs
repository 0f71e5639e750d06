// The providers' own descriptions of their APIs: test data beside the checkout, never part of it.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** Where they are: SUPERVISOR_SPECS, else ../shared/specs. */
export const specsFolder = process.env.SUPERVISOR_SPECS || resolve(checkout, '../shared/specs');

/** What a test says that finds none; `.ci/run` takes it for a failure. */
export const noSpecs = 'skipped: no specs';

/** Whether these descriptions are there. */
export function hasSpecs(...names) {
  return names.every((name) => existsSync(join(specsFolder, name)));
}

export function readSpec(name) {
  return JSON.parse(readFileSync(join(specsFolder, name), 'utf8'));
}

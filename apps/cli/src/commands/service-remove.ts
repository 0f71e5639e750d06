import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';
import { removeUnit, unitFor } from '../unit.js';

export const usage = `Usage: supervisor service remove

The system no longer starts the service at login. One that runs is ended; agents start it again when they need it.

Example: supervisor service remove
`;

export function run(words: string[], { home }: Caller): void {
  parseFlags(words, {});
  const unit = unitFor(home);
  console.log(removeUnit(unit) ? `Removed: ${unit.path}` : `There was none in ${unit.path}.`);
}

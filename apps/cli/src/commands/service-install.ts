import type { Caller } from '../caller.js';
import { parseFlags } from '../input.js';
import { installUnit, unitFor } from '../unit.js';

export const usage = `Usage: supervisor service install

Lets the system start this home's service at every login: a systemd user unit, or a launchd agent on macOS. A service that
was stopped with supervisor stop stays stopped also then.

Example: supervisor service install
`;

export function run(words: string[], { home }: Caller): void {
  parseFlags(words, {});
  const unit = unitFor(home);
  const open = installUnit(unit);
  console.log(`Written: ${unit.path}`);
  if (open.length === 0) console.log('The service starts at every login, and runs now.');
  else console.log(`The system did not take it from here. Run yourself:\n${open.map((command) => `  ${command}`).join('\n')}`);
}

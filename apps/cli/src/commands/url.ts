import type { Caller } from '../caller.js';
import { addressOf } from '../find/service.js';
import { parseFlags, UsageError } from '../input.js';

export const usage = `Usage: supervisor url SERVICE [--project SLUG]

Prints the address of a service of this project. A worktree has addresses of its own.

Example: supervisor url web
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { project: { type: 'string' } }, 1);
  const [service] = positionals;
  if (service === undefined) throw new UsageError('Missing: SERVICE, such as supervisor url web.');
  if (values.project === undefined) void caller.place;
  const { port } = await caller.call('get_port', { service, ...values });
  console.log(addressOf(service, port));
}

import type { Caller } from '../caller.js';
import { entryFor, stateOf, writeEntry } from '../hosts/configuration.js';
import { hosts, serverName, type Host } from '../hosts/host.js';
import { parseFlags, UsageError } from '../input.js';
import { ask } from '../prompt.js';

export const usage = `Usage: supervisor mcp install [HOST] [--url URL] [--yes]

Connects agents: writes this server, as ${serverName}, into the configuration of a host, or of all that are here. What stands
there besides is kept. It first shows what it would write; on a terminal it asks, elsewhere it needs --yes.

  HOST       ${hosts()
    .map(({ name }) => name)
    .join(', ')}
  --url URL  use the service at this address; supervisor login URL keeps its token, the configuration does not
  --yes      write without asking

Example: supervisor mcp install claude-code
`;

export async function run(words: string[], { home }: Caller): Promise<void> {
  const { values, positionals } = parseFlags(words, { url: { type: 'string' }, yes: { type: 'boolean' } }, 1);
  const entry = entryFor(home, values.url);
  const chosen = chooseHosts(positionals[0]);
  const open: Host[] = [];
  for (const host of chosen) {
    const state = stateOf(host, entry);
    if (state === 'absent' && positionals[0] === undefined) continue;
    const says = { current: 'is connected', foreign: `has another server named ${serverName}: left alone`, outdated: 'is to be updated' };
    console.log(`${host.title} (${host.path}) ${says[state as keyof typeof says] ?? 'is to be connected'}`);
    if (state !== 'current' && state !== 'foreign') open.push(host);
  }
  if (open.length === 0) {
    const none = positionals[0] === undefined && chosen.every((host) => stateOf(host, entry) === 'absent');
    const names = chosen.map(({ name }) => name).join(', ');
    return console.log(none ? `No agent was found here. Name one: supervisor mcp install NAME, of ${names}.` : 'Nothing was changed.');
  }
  console.log(`\n  ${serverName}: ${entry.command} ${entry.args.join(' ')}\n`);
  if (!values.yes && !process.stdin.isTTY) return console.log('Nothing was written: --yes writes it.');
  if (!values.yes && !(await ask('Write it?'))) return console.log('Nothing was written.');
  for (const host of open) writeEntry(host, entry);
  console.log(`Written. Restart ${open.map(({ title }) => title).join(', ')} to see its tools.`);
}

function chooseHosts(name: string | undefined): Host[] {
  const all = hosts();
  if (name === undefined) return all;
  const found = all.find((host) => host.name === name);
  if (!found) throw new UsageError(`There is no host ${name}; there are ${all.map((host) => host.name).join(', ')}.`);
  return [found];
}

import { SupervisorError } from '@supervisor/core/errors';
import type { Caller } from '../caller.js';
import { grantsOf, portsOf, readWanted, secretsOf, servicesIn } from '../environment.js';
import { parseFlags, UsageError } from '../input.js';
import { checkOutputFile } from '../output-file.js';
import { plural } from '../plural.js';
import { readText } from '../read-text.js';
import { replacePrivateFile } from '../replace-file.js';
import { fillTemplate, namesIn, strangeIn } from '../template.js';

export const usage = `Usage: supervisor render IN OUT

Writes the file OUT from the template IN: {{secret:path}} becomes the secret's value, {{port:service}} the service's port, all else stays.
A service that .supervisor.json lists and that has no port yet gets one; another one without a port is refused. Only you can read OUT (0600), also when it was there with a wider mode; it is replaced in one step, or
not at all. IN may be - for stdin.

Example: supervisor render config.template.yml config.yml
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const [source, target] = parseFlags(words, {}, 2).positionals;
  if (source === undefined || target === undefined) throw new UsageError('Missing: IN OUT');
  checkOutputFile(target);
  const template = readText(source);
  const strange = strangeIn(template).map(({ line, placeholder }) => `line ${line}: ${placeholder}`);
  if (strange.length > 0)
    throw new UsageError(`A placeholder is {{secret:path}} or {{port:service}}. Nothing was written.\n${strange.join('\n')}`);
  const [services, paths] = [namesIn(template, 'port'), namesIn(template, 'secret')];
  await checkServices(caller, services);
  // The secrets first: a template that asks for one that is not there gives nobody a port.
  const secret = await secretsOf(caller, paths);
  const port = portsOf(await grantsOf(caller, services));
  replacePrivateFile(target, fillTemplate(template, { secret, port }));
  const counts = `${plural(paths.length, 'secret')} and ${plural(services.length, 'port')}`;
  process.stderr.write(`${target}: ${counts}, readable by you alone.\n`);
}

// A slip would get a port of its own, where nobody listens.
async function checkServices(caller: Caller, services: readonly string[]): Promise<void> {
  const listed = servicesIn(readWanted(caller.directory, {}));
  for (const service of services) {
    if (listed.includes(service)) continue;
    void caller.place;
    // A worktree gets its own of what the main copy has.
    await caller.call('get_port', { service, instance: '' }).catch((error: unknown) => {
      if (!(error instanceof SupervisorError) || error.code !== 'not_found') throw error;
      return caller.call('get_port', { service });
    });
  }
}

import type { Caller } from '../caller.js';
import { portsOf, secretsOf } from '../environment.js';
import { parseFlags, UsageError } from '../input.js';
import { checkOutputFile } from '../output-file.js';
import { readText } from '../read-text.js';
import { replacePrivateFile } from '../replace-file.js';
import { fillTemplate, placeholdersIn } from '../template.js';

export const usage = `Usage: supervisor render IN OUT

Writes the file OUT from the template IN: {{secret:path}} becomes the secret's value, {{port:service}} the service's port, all else stays.
A service that has no port yet gets one. Only you can read OUT (0600), also when it was there with a wider mode; it is replaced in one step, or
not at all. IN may be - for stdin.

Example: supervisor render config.template.yml config.yml
`;

export async function run(words: string[], caller: Caller): Promise<void> {
  const [source, target] = parseFlags(words, {}, 2).positionals;
  if (source === undefined || target === undefined) throw new UsageError('Missing: IN OUT');
  checkOutputFile(target);
  const template = readText(source);
  const placeholders = placeholdersIn(template);
  const named = (kind: string) =>
    Object.fromEntries(placeholders.flatMap((wanted) => (wanted.kind === kind ? [[wanted.name, wanted.name]] : [])));
  const wanted = { ports: named('port'), secrets: named('secret') };
  // The secrets first: a template that asks for one that is not there gives nobody a port.
  const secret = await secretsOf(caller, wanted);
  const port = await portsOf(caller, wanted);
  replacePrivateFile(target, fillTemplate(template, { secret, port }));
  process.stderr.write(`${target}: ${Object.keys(secret).length} secrets and ${Object.keys(port).length} ports, readable by you alone.\n`);
}

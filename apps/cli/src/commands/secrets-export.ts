import type { Caller } from '../caller.js';
import { parseFlags, UsageError } from '../input.js';
import { checkOutputFile } from '../output-file.js';
import { confirm } from '../prompt.js';
import { referenceTo } from '../reference.js';
import { replacePrivateFile } from '../replace-file.js';
import { formatOf, writeSecretFile } from '../secret-file.js';

export const usage = `Usage: supervisor secrets export [PREFIX] --to FILE [--format dotenv|json|yaml] [--references]

Writes the secrets whose path starts with PREFIX, or all, to a .env, JSON or YAML file that only you can read (0600). Values are for the owner
on a terminal, who is asked first; those of exposure use are left out and named. supervisor secrets import reads the file back.

  --to FILE        replaced in one step when it is there
  --format FORMAT  what the file becomes, where its name does not say
  --references     supervisor://path in place of each value; asks nobody

Example: supervisor secrets export shop/ --to shop.yaml
`;

interface Listed {
  path: string;
  exposure: 'reveal' | 'use';
}

export async function run(words: string[], caller: Caller): Promise<void> {
  const flags = { to: { type: 'string' }, format: { type: 'string' }, references: { type: 'boolean' } } as const;
  const { values, positionals } = parseFlags(words, flags, 1);
  const [prefix] = positionals;
  const { to, references } = values;
  if (to === undefined) throw new UsageError('Missing: --to FILE');
  const format = formatOf(to, values.format);
  checkOutputFile(to);
  const listed: Listed[] = [];
  for await (const { secrets } of caller.pages('list_secrets', { prefix, limit: 500 })) listed.push(...secrets);
  const taken = listed.filter(({ exposure }) => references || exposure === 'reveal');
  for (const { path } of listed) if (taken.every((secret) => secret.path !== path)) console.log(`Left out: ${path} (its exposure is use)`);
  if (taken.length === 0) throw new UsageError(`There is no secret to write${prefix === undefined ? '' : ` that starts with ${prefix}`}.`);
  if (!references) await confirm(`The values of ${taken.length} secrets are written to ${to}, readable by you alone. Go on?`);
  const secrets = [];
  for (const { path } of taken)
    secrets.push({ path, value: references ? referenceTo(path) : (await caller.call('retrieve_secret', { path })).value });
  replacePrivateFile(to, writeSecretFile(secrets, format));
  console.log(`${to}: ${secrets.length} ${references ? 'references' : 'values'}.`);
}

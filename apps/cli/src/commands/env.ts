import type { Caller } from '../caller.js';
import {
  grantsOf,
  nothingListed,
  pathsIn,
  portsOf,
  readWanted,
  revealedSecretsOf,
  servicesIn,
  variablesOf,
  wantedFlags,
} from '../environment.js';
import { parseFlags, UsageError } from '../input.js';
import { quoteDotenv } from '../quote-dotenv.js';
import { referenceTo } from '../reference.js';

export const usage = `Usage: supervisor env [--format dotenv|shell|json] [--reveal] [--port NAME=service] [--secret NAME=path]

Prints what supervisor run would put into the environment: ports as they are, secrets as references, which only
supervisor run turns into their values.

  --format FORMAT       dotenv, shell (export NAME=…) or json; dotenv when left out
  --json                the same as --format json
  --reveal              the secrets' values instead; only on a terminal
  --port NAME=service   one more, besides those of .supervisor.json
  --secret NAME=path    one more

Example: supervisor env --format shell
`;

const formats = {
  dotenv: (entries: [string, string][]) => entries.map(([name, value]) => `${name}=${dotenvValue(name, value)}`).join('\n'),
  shell: (entries: [string, string][]) => entries.map(([name, value]) => `export ${name}=${quoteShell(value)}`).join('\n'),
  json: (entries: [string, string][]) => JSON.stringify(Object.fromEntries(entries), null, 2),
};

export async function run(words: string[], caller: Caller): Promise<void> {
  const flags = { ...wantedFlags, format: { type: 'string' }, json: { type: 'boolean' }, reveal: { type: 'boolean' } } as const;
  const { values } = parseFlags(words, flags);
  const format = values.json ? 'json' : (values.format ?? 'dotenv');
  if (!Object.hasOwn(formats, format)) throw new UsageError(`--format takes ${Object.keys(formats).join(', ')}.`);
  if (values.reveal && !process.stdout.isTTY)
    throw new UsageError('--reveal shows values on a terminal only. A program gets them with supervisor run.');
  const wanted = readWanted(caller.directory, values);
  const [ports, paths] = [portsOf(await grantsOf(caller, servicesIn(wanted))), pathsIn(wanted)];
  const named = (name: (path: string) => string) => Object.fromEntries(paths.map((path) => [path, name(path)]));
  const entries = Object.entries(
    values.reveal
      ? variablesOf(wanted, ports, await revealedSecretsOf(caller, paths))
      : variablesOf(
          wanted,
          ports,
          named(referenceTo),
          named((path) => `{{secret:${path}}}`),
        ),
  );
  if (entries.length === 0) process.stderr.write(nothingListed(caller.directory));
  else process.stdout.write(`${formats[format as keyof typeof formats](entries)}\n`);
}

function dotenvValue(name: string, value: string): string {
  const quoted = quoteDotenv(value);
  if (quoted !== undefined) return quoted;
  throw new UsageError(
    `A .env file cannot hold the value of ${name}: it has a carriage return, or too many kinds of quotes. Use --format shell or json.`,
  );
}

function quoteShell(value: string): string {
  return /^[\w.:/@%+,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

import { basename, extname } from 'node:path';
import { parse, stringify } from 'yaml';
import { UsageError } from './input.js';
import { quoteDotenv } from './quote-dotenv.js';
import { readDotenv } from './read-dotenv.js';

export type SecretFormat = 'dotenv' | 'json' | 'yaml';

/** One value of a file. */
export interface Entry {
  /** A variable, or the keys on the way to it, joined by `/`. */
  name: string;
  /** Undefined where the file has no text, such as a number. */
  value: string | undefined;
}

export interface FileSecret {
  path: string;
  value: string;
}

const extensions: Record<string, SecretFormat> = { '.env': 'dotenv', '.json': 'json', '.yaml': 'yaml', '.yml': 'yaml' };

/** The format that is asked for, else the one of the file's name. @throws UsageError */
export function formatOf(file: string, asked: string | undefined): SecretFormat {
  const name = basename(file);
  const format = asked === undefined ? (/^\.env(\.|$)/.test(name) ? 'dotenv' : extensions[extname(name)]) : asked;
  if (format === 'dotenv' || format === 'json' || format === 'yaml') return format;
  throw new UsageError(
    asked === undefined ? `What ${name} is cannot be told by its name: give --format.` : '--format takes dotenv, json or yaml.',
  );
}

/** The entries of a file. @throws UsageError when it cannot be read; without its text, which may be a value */
export function readSecretFile(file: string, format: SecretFormat): Entry[] {
  const text = file.replace(/^\ufeff/, '');
  if (format === 'dotenv') {
    const paths = pathsOnTop(text);
    return Object.entries(readDotenv(text)).map(([name, value]) => ({ name: paths.get(name) ?? name, value }));
  }
  try {
    // A warning of the YAML reader would quote the line.
    const data: unknown = format === 'json' ? JSON.parse(text) : parse(text, { logLevel: 'error' });
    // A YAML file may hold itself, which has no end.
    if (typeof data === 'object' && data !== null) return flatten(data, []);
  } catch {
    throw new UsageError(`The file is no ${format === 'json' ? 'JSON' : 'YAML'} that can be read. Nothing was stored.`);
  }
  throw new UsageError('The file has no names with values in it.');
}

/** The file's text, which {@link readSecretFile} reads back. @throws UsageError naming the secret that the format cannot hold */
export function writeSecretFile(secrets: readonly FileSecret[], format: SecretFormat): string {
  if (format === 'dotenv') return writeDotenv(secrets);
  const data = Object.fromEntries(secrets.map(({ path, value }) => [path, value]));
  // Always quoted: a block of YAML can lose leading white space.
  return format === 'json'
    ? `${JSON.stringify(data, null, 2)}\n`
    : stringify(data, { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });
}

// A variable does not tell a path: the comments on top do, so that nothing is lost on the way back.
function writeDotenv(secrets: readonly FileSecret[]): string {
  const named = new Map<string, FileSecret>();
  const shortNames = secrets.map(({ path }) => variableOf(path));
  for (const secret of secrets) {
    const short = variableOf(secret.path);
    const name = shortNames.indexOf(short) === shortNames.lastIndexOf(short) ? short : wholeVariableOf(secret.path);
    const other = named.get(name);
    if (other) throw new UsageError(`${other.path} and ${secret.path} would both be ${name}: give a longer prefix, or --format json.`);
    named.set(name, secret);
  }
  const lines = [...named].map(([name, { path, value }]) => {
    const quoted = quoteDotenv(value);
    if (quoted === undefined)
      throw new UsageError(
        `A .env file cannot hold the value of ${path}: it has a carriage return, or too many kinds of quotes. Use json.`,
      );
    return `${name}=${quoted}\n`;
  });
  return [...[...named].map(([name, { path }]) => `# ${name}: ${path}\n`), ...lines].join('');
}

/** shop/stripe/secret_key is STRIPE_SECRET_KEY, and shop/app/database_url, where an import put it, DATABASE_URL again. */
export function variableOf(path: string): string {
  return wholeVariableOf(path.replace(/^([^/]*)\/app\/(?=.)/, '$1/'));
}

function wholeVariableOf(path: string): string {
  const name = path
    .slice(path.indexOf('/') + 1)
    .replace(/[^A-Za-z0-9]/g, '_')
    .toUpperCase();
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

// Only those before the first variable: further down a line may be part of a value.
function pathsOnTop(text: string): Map<string, string> {
  const [top] = /^(?:#.*\n)*/.exec(text)!;
  return new Map([...top.matchAll(/^# (\w+): (\S+\/\S+)$/gm)].map(([, name, path]) => [name!, path!]));
}

function flatten(data: object, above: string[]): Entry[] {
  return Object.entries(data).flatMap(([key, value]: [string, unknown]) => {
    const names = [...above, key];
    if (typeof value === 'object' && value !== null) return flatten(value, names);
    return [{ name: names.join('/'), value: typeof value === 'string' ? value : undefined }];
  });
}

import { parseEnv } from 'node:util';

/**
 * The variables of a `.env` file. What Node's reader leaves in front of a name is no part of it: the mark that editors on
 * Windows begin a file with, and blanks behind `export`.
 */
export function readDotenv(text: string): Record<string, string> {
  return Object.fromEntries(Object.entries(parseEnv(text)).map(([name, value = '']) => [name.trimStart(), value]));
}

/** The other variable that a value is built from, such as `${DB_HOST}`. Some programs fill it in as they read their file; what is given to them they take to the letter. */
export function builtFrom(value: string, names: readonly string[]): string | undefined {
  return [...value.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name!).find((name) => names.includes(name));
}

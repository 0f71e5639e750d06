import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { isReference, pathOf } from '../reference.js';

/** A key that lies in a file. The value is for moving and comparing it, never for showing. */
export interface FoundKey {
  variable: string;
  file: string;
  value: string;
}

const largestFile = 256 * 1024;
const templates = /\.(?:example|sample|template|dist|defaults)$/;
const keyName = /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|CREDENTIALS?|DSN)(?:_|$)/;
const publicName = /^(?:NEXT_PUBLIC|VITE|REACT_APP|PUBLIC)_|PUBLIC_KEY|KEY_(?:ID|PATH|FILE|NAME)$/;
const placeholder = /^(?:change.?me|your[-_ ].*|x{3,}|\.{3,}|<.*>|\$\{.*\}|todo|none|null|test|secret|password|example.*)$/i;

/** The keys in a folder's `.env` files: by the variable's name, without placeholders and references. */
export function findKeys(folder: string): FoundKey[] {
  return envFiles(folder).flatMap((file) =>
    Object.entries(parseEnv(readFileSync(join(folder, file), 'utf8'))).flatMap(([variable, value = '']) => {
      const isKey = keyName.test(variable.toUpperCase()) && !publicName.test(variable.toUpperCase());
      return isKey && value.length >= 8 && !placeholder.test(value) && !isReference(value) ? [{ variable, file, value }] : [];
    }),
  );
}

function envFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => /^\.env(?:\.[\w.-]+)?$/.test(name) && !templates.test(name));
  return files.toSorted().filter((name) => {
    const found = statSync(join(folder, name));
    return found.isFile() && found.size <= largestFile;
  });
}

/**
 * The text of a `.env` file with another value for a variable, all else as it was.
 * Undefined when that cannot be done to the letter.
 */
export function replaceValue(text: string, variable: string, value: string): string | undefined {
  const assignment = new RegExp(`^([ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=[ \\t]*)("[^"]*"|'[^']*'|\`[^\`]*\`|[^\\n]*)`, 'gm');
  const changed = text.replace(assignment, (_, start: string) => `${start}${value}`);
  const { [variable]: now, ...others } = parseEnv(changed);
  const { [variable]: _before, ...othersBefore } = parseEnv(text);
  return now === value && JSON.stringify(others) === JSON.stringify(othersBefore) ? changed : undefined;
}

/** Where a variable's secret goes: `STRIPE_SECRET_KEY` of shop is `shop/stripe/secret_key`. */
export function secretPath(project: string, variable: string): string {
  const [provider = '', ...name] = variable.toLowerCase().split('_').filter(Boolean);
  return name.length === 0 || /^(?:api|secret|access|private|auth|jwt|session|app)$/.test(provider)
    ? `${project}/app/${[provider, ...name].join('_')}`
    : `${project}/${provider}/${name.join('_')}`;
}

/** The variables of a folder's `.env` files that refer to secrets, with their paths. */
export function referencesIn(folder: string): Record<string, string> {
  const entries = envFiles(folder).flatMap((file) => Object.entries(parseEnv(readFileSync(join(folder, file), 'utf8'))));
  return Object.fromEntries(entries.flatMap(([variable, value = '']) => (isReference(value) ? [[variable, pathOf(value)]] : [])));
}

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { detectSecrets } from '@supervisor/supervisor/detect';
import { isReference, pathOf } from '../reference.js';

/** A key that lies in a file. The value is for moving and comparing it, never for showing. */
export interface FoundKey {
  variable: string;
  file: string;
  value: string;
  /** Where it could go below the project, such as `stripe/secret_key`. */
  proposedPath: string;
}

const largestFile = 256 * 1024;
const templates = /\.(?:example|sample|template|dist|defaults)$/;

/** The keys in a folder's `.env` files, without placeholders and references. */
export function findKeys(folder: string): FoundKey[] {
  return envFiles(folder).flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const detections = detectSecrets(text, { file });
    return Object.entries(parseEnv(text)).flatMap(([variable, value = '']) => {
      const detection = isReference(value) ? undefined : detections.find(({ start, end }) => value.includes(text.slice(start, end)));
      if (!detection) return [];
      // A password inside a URL goes with all of it: that is what the variable holds.
      const whole = value === text.slice(detection.start, detection.end);
      return [{ variable, file, value, proposedPath: whole ? detection.proposedPath : plainPath(variable) }];
    });
  });
}

/** Where a variable's secret goes when nothing better is known, or that place is taken. */
export function plainPath(variable: string): string {
  return `app/${variable.toLowerCase()}`;
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

/** The variables of a folder's `.env` files that refer to secrets, with their paths. */
export function referencesIn(folder: string): Record<string, string> {
  const entries = envFiles(folder).flatMap((file) => Object.entries(parseEnv(readFileSync(join(folder, file), 'utf8'))));
  return Object.fromEntries(entries.flatMap(([variable, value = '']) => (isReference(value) ? [[variable, pathOf(value)]] : [])));
}

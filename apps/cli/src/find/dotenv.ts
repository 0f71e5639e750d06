import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { slugOf } from '@supervisor/client';
import { detectSecrets, type Detection } from '@supervisor/supervisor/detect';
import { builtFrom, readDotenv } from '../read-dotenv.js';
import { isReference, pathOf } from '../reference.js';

/** A key that lies in a file. The value is for moving and comparing it, never for showing. */
export interface FoundKey {
  variable: string;
  file: string;
  value: string;
  /** Where it could go below the project, such as `stripe/secret_key`. */
  proposedPath: string;
  /** The other variable of the file that the value is built from. */
  builtFrom?: string | undefined;
  /** The password alone, where the value is an address with one. */
  inside?: { value: string; proposedPath: string };
}

const largestFile = 256 * 1024;
const templates = /\.(?:example|sample|template|dist|defaults)$/;

/** The keys in a folder's `.env` files, those of the weightiest file first, without placeholders and references. */
export function findKeys(folder: string): FoundKey[] {
  return envFiles(folder).flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const detections = detectSecrets(text, { file });
    const variables = readDotenv(text);
    const names = Object.keys(variables);
    return Object.entries(variables).flatMap(([variable, value]) => {
      const proposedPath = isReference(value) ? undefined : proposePath(variable, value, text, detections);
      return proposedPath === undefined
        ? []
        : [{ variable, file, value, proposedPath, builtFrom: builtFrom(value, names), ...passwordIn(value, text, detections) }];
    });
  });
}

function passwordIn(value: string, text: string, detections: readonly Detection[]): Pick<FoundKey, 'inside'> {
  const found = detections.filter(({ start, end }) => value.includes(text.slice(start, end)));
  const passwords = found.map(({ start, end, proposedPath }) => ({ value: text.slice(start, end), proposedPath }));
  const [inside] = passwords;
  const alone = inside !== undefined && passwords.every((other) => other.value === inside.value);
  return alone && value.split(`:${inside.value}@`).length === 2 ? { inside } : {};
}

/** Where a variable's value could go below a project, by what was detected in its text; undefined when it seems to be no secret. */
export function proposePath(variable: string, value: string, text: string, detections: readonly Detection[]): string | undefined {
  const detection = detections.find(({ start, end }) => value.includes(text.slice(start, end)));
  if (!detection) return undefined;
  // A password inside a URL goes with all of it: that is what the variable holds.
  const whole = value === text.slice(detection.start, detection.end);
  return whole ? detection.proposedPath : plainPath(variable);
}

/** Where a variable's secret goes when nothing better is known, or that place is taken. */
export function plainPath(variable: string, group = 'app'): string {
  return `${group}/${variable.toLowerCase().replace(/^[^a-z0-9]+/, '') || 'unnamed'}`;
}

/** Where a found key may go below its project, the best first. What is not of the usual files is named after its own. */
export function* placesFor({ variable, file, proposedPath }: FoundKey): Generator<string> {
  const stage = usual.includes(file) ? undefined : (slugOf(file.slice('.env.'.length)) ?? 'env');
  if (stage === undefined) yield proposedPath;
  const plain = plainPath(variable, stage);
  yield plain;
  for (let another = 2; another < 100; another++) yield `${plain}_${another}`;
}

// The weightiest first; after them those of a stage, such as .env.production.
const usual = ['.env.local', '.env'];

function envFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => /^\.env(?:\.[\w.-]+)?$/.test(name) && !templates.test(name));
  const inOrder = [...usual.filter((name) => files.includes(name)), ...files.filter((name) => !usual.includes(name)).toSorted()];
  return inOrder.filter((name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return found?.isFile() && found.size <= largestFile && isOpen(join(folder, name));
  });
}

/** Whether this user may read a file, or with other modes of `constants` do more with what is there. */
export function isOpen(path: string, mode = constants.R_OK): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/**
 * The text of a `.env` file with another value for a variable, all else as it was.
 * Undefined when that cannot be done to the letter.
 */
export function replaceValue(text: string, variable: string, value: string): string | undefined {
  const assignment = new RegExp(
    `^(\\ufeff?[ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=[ \\t]*)("[^"]*"|'[^']*'|\`[^\`]*\`|[^\\n#]*?(?=[ \\t\\r]*(?:#|$)))`,
    'gm',
  );
  // Of two, the program sees the last one; the other may be somebody's note.
  if ((text.match(assignment) ?? []).length !== 1) return undefined;
  const changed = text.replace(assignment, (_, start: string) => `${start}${value}`);
  const { [variable]: now, ...others } = readDotenv(changed);
  const { [variable]: _before, ...othersBefore } = readDotenv(text);
  return now === value && JSON.stringify(others) === JSON.stringify(othersBefore) ? changed : undefined;
}

/** The variables of a folder's `.env` files that refer to secrets, with their paths. Of one in several files, the weightiest counts. */
export function referencesIn(folder: string): Record<string, string> {
  const weightiest = Object.entries(Object.fromEntries(variablesIn(folder).toReversed()));
  return Object.fromEntries(weightiest.flatMap(([variable, value]) => (isReference(value) ? [[variable, pathOf(value)]] : [])));
}

/** All variables of a folder's `.env` files with their values, those of the weightiest file first. */
export function variablesIn(folder: string): [string, string][] {
  return envFiles(folder).flatMap((file) => Object.entries(readDotenv(readFileSync(join(folder, file), 'utf8'))));
}

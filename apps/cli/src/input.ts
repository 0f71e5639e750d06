import { SupervisorError } from '@supervisor/core/errors';
import { coerce } from '@supervisor/core/coerce';
import { nearest } from '@supervisor/core/nearest';
import type { FieldSchema, OperationDescription } from '@supervisor/core';
import { parseArgs } from 'node:util';

/** How the fields of an operation are given on the command line. */
export interface Arguments {
  /** Required fields, in the order of the definition. */
  positional: string[];
  flags: string[];
  /** Asked for at a hidden prompt, or read from stdin; never a flag, where every process could see them. */
  hidden: string[];
}

export function argumentsOf({ input, sensitive }: OperationDescription): Arguments {
  const fields = Object.keys(input.properties).filter((field) => !sensitive.includes(field));
  const positional = fields.filter((field) => input.required?.includes(field) && input.properties[field]!.default === undefined);
  return { positional, flags: fields.filter((field) => !positional.includes(field)), hidden: sensitive };
}

/** `expiresInDays` is `--expires-in-days`. */
export function flagName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A field that is a word of its own: `olderThanDays` is `OLDER-THAN-DAYS`. */
export function wordName(field: string): string {
  return flagName(field).toUpperCase();
}

/** What is wrong with an input, with its fields named as on the command line. */
export function inFlags(operation: OperationDescription, error: unknown): unknown {
  if (!(error instanceof SupervisorError) || error.code !== 'invalid_input') return error;
  const { positional, hidden } = argumentsOf(operation);
  const fields = (error.details['fields'] as string[] | undefined) ?? [];
  const message = fields.reduce((text, path) => {
    // Of a list of flags, which one is not of interest.
    const field = path.split('.')[0]!;
    const shown = hidden.includes(field) ? path : positional.includes(field) ? wordName(field) : `--${flagName(field)}`;
    return field in operation.input.properties
      ? text.replace(`${operation.name}: ${path} `, `${shown} `).replace(`; ${path} `, `; ${shown} `)
      : text;
  }, error.message);
  return new SupervisorError(error.code, message, error.details);
}

export class UsageError extends Error {}

export interface Parsed {
  input: Record<string, unknown>;
  json: boolean;
  /** The one field of the answer that is wanted, as it is. */
  only: string | undefined;
  help: boolean;
}

/** Reads the words after a command into its input. @throws UsageError */
export function parseInput(operation: OperationDescription, words: string[]): Parsed {
  const { positional, flags, hidden } = argumentsOf(operation);
  const { properties } = operation.input;
  const options = Object.fromEntries([...positional, ...flags].map((field) => [flagName(field), optionOf(properties[field]!)]));
  const known: Record<string, Option> = {
    ...options,
    json: { type: 'boolean' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  };
  const { values, positionals } = parse(words, known, hidden);
  const input: Record<string, unknown> = {};
  for (const field of [...positional, ...flags]) {
    const value = values[flagName(field)];
    if (value !== undefined) input[field] = typeof value === 'boolean' ? value : coerce(properties[field], value as string | string[]);
  }
  for (const field of flags) checkChoice(flagName(field), properties[field]!, input[field]);
  const open = positional.filter((field) => !(field in input));
  for (const word of positionals) {
    const field = open.shift();
    if (field === undefined) throw new UsageError(hidden.length > 0 ? howHidden(hidden) : `One word too many: ${word}`);
    input[field] = coerce(properties[field], word);
  }
  const help = values['help'] === true;
  if (open.length > 0 && !help) throw new UsageError(`Missing: ${open.map(wordName).join(' ')}`);
  const only = values['only'] as string | undefined;
  if (only !== undefined && !Object.hasOwn(operation.output.properties, only))
    throw new UsageError(`--only takes a field of the answer: ${Object.keys(operation.output.properties).join(', ')}.`);
  return { input, json: values['json'] === true, only, help };
}

// Said before anybody is asked whether to go on.
function checkChoice(flag: string, schema: FieldSchema, value: unknown): void {
  const choices = (schema.items ?? schema).enum;
  const wrong = [value ?? []].flat().find((one) => choices && !choices.includes(one as string));
  if (wrong !== undefined) throw new UsageError(`--${flag} takes ${choices!.join(', ')}, and not ${String(wrong)}.`);
}

// It may be in a word that stands there: that is not repeated.
function howHidden(hidden: readonly string[]): string {
  return `${hidden.join(', ')} is no argument, which others could see: it is asked for, or read from stdin (… < FILE).`;
}

type Option = { type: 'string' | 'boolean'; multiple?: boolean; short?: string };

function optionOf(schema: FieldSchema): Option {
  if (schema.type === 'boolean') return { type: 'boolean' };
  return { type: 'string', multiple: schema.type === 'array' };
}

type Flags<Options extends Record<string, Option>> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true }>
>;

function parse<Options extends Record<string, Option>>(args: string[], options: Options, hidden: readonly string[] = []): Flags<Options> {
  try {
    return parseArgs({ args, options, allowPositionals: true, allowNegative: true });
  } catch (error) {
    const message = (error as Error).message.split('. ')[0]!.replace(/\.$/, '');
    const [, given = ''] = /^Unknown option '--?([^']*)'/.exec(message) ?? [];
    if (hidden.includes(given)) throw new UsageError(howHidden(hidden));
    const [, dashed = ''] = /^Option '(--?[\w-]+).*' argument is ambiguous/.exec(message) ?? [];
    if (dashed !== '') throw new UsageError(`${dashed} needs a value; one that begins with a dash stands behind =, as in ${dashed}=-1.`);
    const near = given === '' ? [] : nearest(given, Object.keys(options));
    throw new UsageError(`${message}.${near.length > 0 ? ` Is it ${near.map((name) => `--${name}`).join(' or ')}?` : ''}`);
  }
}

/** Reads the flags of a command that is no operation; at most `mostWords` words may stand beside them. @throws UsageError */
export function parseFlags<Options extends Record<string, Option>>(words: string[], options: Options, mostWords = 0): Flags<Options> {
  const parsed = parse(words, options);
  const extra = parsed.positionals[mostWords];
  if (extra !== undefined) throw new UsageError(`One word too many: ${extra}`);
  return parsed;
}

import { coerce } from '@supervisor/core/coerce';
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

export class UsageError extends Error {}

export interface Parsed {
  input: Record<string, unknown>;
  json: boolean;
  help: boolean;
}

/** Reads the words after a command into its input. @throws UsageError */
export function parseInput(operation: OperationDescription, words: string[]): Parsed {
  const { positional, flags } = argumentsOf(operation);
  const { properties } = operation.input;
  const options = Object.fromEntries([...positional, ...flags].map((field) => [flagName(field), optionOf(properties[field]!)]));
  const { values, positionals } = parse(words, { ...options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } });
  const input: Record<string, unknown> = {};
  for (const field of [...positional, ...flags]) {
    const value = values[flagName(field)];
    if (value !== undefined) input[field] = typeof value === 'boolean' ? value : coerce(properties[field], value as string | string[]);
  }
  const open = positional.filter((field) => !(field in input));
  for (const word of positionals) {
    const field = open.shift();
    if (field === undefined) throw new UsageError(`One word too many: ${word}`);
    input[field] = coerce(properties[field], word);
  }
  const help = values['help'] === true;
  if (open.length > 0 && !help) throw new UsageError(`Missing: ${open.map((field) => field.toUpperCase()).join(' ')}`);
  return { input, json: values['json'] === true, help };
}

type Option = { type: 'string' | 'boolean'; multiple?: boolean; short?: string };

function optionOf(schema: FieldSchema): Option {
  if (schema.type === 'boolean') return { type: 'boolean' };
  return { type: 'string', multiple: schema.type === 'array' };
}

function parse(args: string[], options: Record<string, Option>) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]!);
  }
}

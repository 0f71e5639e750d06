import type { FieldSchema, OperationDescription } from '@supervisor/core';
import { argumentsOf, flagName } from './input.js';

// What stands for a field that gives no example of its own.
const usual: Record<string, string> = {
  project: 'shop',
  service: 'web',
  path: 'shop/stripe/api_key',
  port: '3100',
  name: 'laptop',
  account: 'main',
  tunnel: 'laptop',
  paths: 'shop/**',
  to: 'shop/stripe/live_key',
  id: 'fix-login',
  type: 'bug_fix',
  description: 'The login loops',
  error: 'The test still fails',
  query: 'login loop',
  text: 'Run the migrations before the seed',
  url: 'https://api.example.com',
  host: 'api.example.com',
  method: 'GET',
};

/**
 * The words of a call that parses and says what it means: the command, all that it requires, and what else has an example of
 * its own. What is hidden is asked for.
 */
export function exampleWords(operation: OperationDescription): string[] {
  const { positional, flags } = argumentsOf(operation);
  const { properties } = operation.input;
  const worded = flags.filter((field) => Array.isArray(properties[field]!.examples));
  return [
    ...operation.command.split(' '),
    ...positional.map((field) => exampleOf(field, properties[field]!)),
    ...worded.flatMap((field) =>
      properties[field]!.type === 'boolean' ? [`--no-${flagName(field)}`] : [`--${flagName(field)}`, exampleOf(field, properties[field]!)],
    ),
  ];
}

/** The same as a person types it into a shell. */
export function exampleLine(operation: OperationDescription): string {
  return ['supervisor', ...exampleWords(operation).map(quote)].join(' ');
}

function exampleOf(field: string, { examples, enum: choices, type, items, minimum }: FieldSchema): string {
  const [given] = Array.isArray(examples) ? (examples as unknown[]) : (choices ?? []);
  if (given !== undefined) return String(given);
  if (type === 'array') return exampleOf(field.replace(/s$/, ''), items ?? {});
  const word = usual[field];
  if (word !== undefined && (type !== 'integer' || /^\d+$/.test(word))) return word;
  return type === 'integer' || type === 'number' ? String(minimum ?? 1) : field;
}

function quote(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

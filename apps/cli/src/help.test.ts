import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SupervisorError } from '@supervisor/core/errors';
import type { Catalogue, OperationDescription } from '@supervisor/core';
import { commands } from './commands.js';
import { exampleLine, exampleWords } from './example.js';
import { commandHelp, groupHelp, overview } from './help.js';
import { inFlags, parseInput } from './input.js';

const catalogue = fileURLToPath(import.meta.resolve('@supervisor/supervisor/catalogue'));
const { operations } = JSON.parse(readFileSync(catalogue, 'utf8')) as Catalogue;

// What programs call alone is no command.
const shown = operations.filter(({ command }) => command !== '');

test.each(shown)('the help of $command ends with an example that parses', (operation) => {
  expect(commandHelp(operation)).toContain(`\nExample: ${exampleLine(operation)}\n`);
  const words = exampleWords(operation);
  const { input, help } = parseInput(operation, words.slice(operation.command.split(' ').length));
  expect(help).toBe(false);
  const given = new Set([...Object.keys(input), ...operation.sensitive]);
  expect((operation.input.required ?? []).filter((field) => !given.has(field))).toEqual([]);
  for (const [field, value] of Object.entries(input)) {
    const { pattern } = operation.input.properties[field]!;
    if (typeof pattern === 'string') expect(String(value)).toMatch(new RegExp(pattern));
  }
});

test('a question that a flag asks may be answered with no', () => {
  const operation = operations.find(({ name }) => name === 'update_knowledge')!;
  expect(parseInput(operation, ['7', '--no-useful']).input).toEqual({ id: 7, useful: false });
});

test('a required field is one word, in the help and where it is missing', () => {
  const operation = operations.find(({ name }) => name === 'prune_tasks')!;
  expect(commandHelp(operation)).toContain('Usage: supervisor tasks prune OLDER-THAN-DAYS [OPTIONS]');
  expect(() => parseInput(operation, [])).toThrow('Missing: OLDER-THAN-DAYS');
});

test('a value that looks like a flag is answered with how it is given', () => {
  const operation = operations.find(({ name }) => name === 'list_ports')!;
  expect(() => parseInput(operation, ['--limit', '-1'])).toThrow(/^--limit needs a value; .* as in --limit=-1\.$/);
});

test('what is read as JSON has its shape in the help, and its own place in what is wrong', () => {
  const operation = operations.find(({ name }) => name === 'store_secret_bulk')!;
  expect(commandHelp(operation)).toContain('as JSON: [{ "path", "value", "description"?, ');
  const wrong = new SupervisorError('invalid_input', 'store_secret_bulk: secrets.0.value must be text.', { fields: ['secrets.0.value'] });
  expect(inFlags(operation, wrong)).toMatchObject({ message: 'secrets.0.value must be text.' });
});

test.each(commands)('the help of $command ends with an example of it, with flags that it knows', async ({ command, load }) => {
  const { usage } = await load();
  expect(usage).toMatch(new RegExp(`^Usage: supervisor ${command}\\b`));
  const [, example] = new RegExp(`\\nExample: (supervisor ${command}\\b.*)\\n$`).exec(usage) ?? [];
  expect(example).toBeDefined();
  const flags = example!.split(' -- ')[0]!.match(/ --[\w-]+/g) ?? [];
  const described = usage.slice(0, usage.lastIndexOf('Example:'));
  // All options of mcp are the server's own.
  if (command !== 'mcp') for (const flag of flags) expect(described).toContain(flag.trim());
});

test('an example comes from the definition, else from the usual words', () => {
  const operation: OperationDescription = {
    name: 'x',
    module: 'm',
    command: 'm x',
    summary: '',
    access: 'read',
    sensitive: ['secret'],
    output: { type: 'object', properties: {} },
    input: {
      type: 'object',
      required: ['a', 'b', 'c', 'service', 'd', 'secret'],
      properties: {
        a: { type: 'string', examples: ["it's"] },
        b: { enum: ['one', 'two'] },
        c: { type: 'integer', minimum: 7 },
        service: { type: 'string' },
        d: { type: 'array', items: { enum: ['x'] } },
        e: { type: 'string' },
        secret: { type: 'string' },
      },
    },
  };
  expect(exampleLine(operation)).toBe("supervisor m x 'it'\\''s' one 7 web x");
});

test('the overview has every command and an example', () => {
  const text = overview(operations);
  for (const { command } of [...shown, ...commands]) {
    const [group, name] = command.split(' ');
    expect(name === undefined ? text : groupHelp(operations, group!)).toContain(`\n  ${command} `);
    if (name !== undefined) expect(text).toMatch(new RegExp(`\\n  ${group} .*(?:\\n {10,}.*)*\\b${name}\\b`));
  }
  expect(groupHelp(operations, 'start')).toBeUndefined();
  expect(text).toContain('\nExample: supervisor ');
});

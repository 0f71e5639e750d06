// Run by the build: what is read instead of loading every package. Pipe and command line start often, so each has a file with its part alone.
import { writeFileSync } from 'node:fs';
import { catalogue } from './catalogue.js';

const whole = catalogue();
// Its names alone.
const outline = ({ properties }: { properties: object }) => ({
  type: 'object',
  properties: Object.fromEntries(Object.keys(properties).map((field) => [field, {}])),
});
const parts = {
  operations: whole,
  tools: { ...whole, operations: whole.operations.filter(({ toolset }) => toolset !== undefined) },
};
for (const [name, part] of Object.entries(parts)) writeFileSync(new URL(`${name}.json`, import.meta.url), JSON.stringify(part));

// A command needs one operation: each has a line, behind the words that call it. What comes back is printed as it is, or one field of it.
const { operations, ...rest } = whole;
const lines = operations.map((operation) => `${operation.command}\t${JSON.stringify({ ...operation, output: outline(operation.output) })}`);
// ASCII alone is read several times as fast.
const text = [JSON.stringify(rest), ...lines, '']
  .join('\n')
  .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
writeFileSync(new URL('commands.txt', import.meta.url), text);

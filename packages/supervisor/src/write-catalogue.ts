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
  // A command prints what comes back as it is, or one field of it.
  commands: { ...whole, operations: whole.operations.map((operation) => ({ ...operation, output: outline(operation.output) })) },
};
for (const [name, part] of Object.entries(parts)) writeFileSync(new URL(`${name}.json`, import.meta.url), JSON.stringify(part));

import type { FieldSchema, ObjectSchema, OperationDescription } from '@supervisor/core';
import { commands } from './commands.js';
import { exampleLine } from './example.js';
import { argumentsOf, flagName, wordName } from './input.js';

/** A text in which operations are named as tools, with their commands instead. */
export function inCommands(text: string, operations: readonly OperationDescription[]): string {
  return text.replace(/\b[a-z]+(?:_[a-z]+)+\b/g, (name) => {
    const command = operations.find((operation) => operation.name === name)?.command;
    return command ? `supervisor ${command}` : name;
  });
}

/** The commands of one word, and the groups of the others. */
export function overview(operations: readonly OperationDescription[]): string {
  const rows = rowsOf(operations);
  const groups = [...new Set(rows.flatMap(([command]) => (command.includes(' ') ? [command.split(' ')[0]!] : [])))].toSorted();
  const members = (group: string) =>
    rows.flatMap(([command]) => (command.startsWith(`${group} `) ? [command.slice(group.length + 1)] : []));
  const width = Math.max(...groups.map((group) => group.length));
  return `Usage: supervisor COMMAND [ARGUMENTS]

${table(rows.filter(([command]) => !command.includes(' ')))}

Groups; supervisor GROUP --help tells what each command does:

${groups.map((group) => `  ${group.padEnd(width)}  ${wrapped(members(group), width + 4)}`).join('\n')}

supervisor COMMAND --help tells more, such as whether --json is understood. The project is that of the working directory, unless --project names another.
The home is SUPERVISOR_HOME, else ~/.supervisor. Where a group has no get, set, ls or rm of its own, they mean retrieve, store, list and delete.

Example: supervisor ports allocate web
`;
}

/** The commands that begin with a word; undefined when none does. */
export function groupHelp(operations: readonly OperationDescription[], group: string): string | undefined {
  const rows = rowsOf(operations).filter(([command]) => command.startsWith(`${group} `));
  if (rows.length === 0) return undefined;
  return `Usage: supervisor ${group} COMMAND [ARGUMENTS]

${table(rows.toSorted(([one], [other]) => (one < other ? -1 : 1)))}

supervisor ${group} COMMAND --help tells more.
`;
}

function rowsOf(operations: readonly OperationDescription[]): [command: string, summary: string][] {
  const own = commands.map(({ command, summary }): [string, string] => [command, summary]);
  // Not those that a command of their own stands before.
  const derived = operations.filter(({ command }) => command !== '' && !commands.some((entry) => entry.command === command));
  return [...own, ...derived.map(({ command, summary }): [string, string] => [command, inCommands(summary, operations)])];
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`.trimEnd()).join('\n');
}

function wrapped(names: readonly string[], indent: number): string {
  const lines = [''];
  for (const name of names.toSorted()) {
    const line = lines.at(-1)!;
    if (line.length + name.length > 100 - indent) lines.push(name);
    else lines[lines.length - 1] = line === '' ? name : `${line} · ${name}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Everything about one command, from its definition. */
export function commandHelp(operation: OperationDescription, operations: readonly OperationDescription[] = []): string {
  const { positional, flags, hidden } = argumentsOf(operation);
  const { properties } = operation.input;
  const usage = ['supervisor', operation.command, ...positional.map(wordName), ...(flags.length > 0 ? ['[OPTIONS]'] : []), '[--json]'];
  const describe = (field: string) => {
    const { description, enum: choices, default: preset, type } = properties[field]!;
    const notes = [
      choices ? `one of ${choices.join(', ')}` : type === 'array' ? 'several: separate by commas' : '',
      preset === undefined || preset === '' ? '' : `else ${String(preset)}`,
    ];
    return [inCommands(description ?? '', operations), ...notes].filter(Boolean).join('; ');
  };
  const rows: [string, string][] = [
    ...positional.map((field): [string, string] => [wordName(field), describe(field)]),
    ...flags.map((field): [string, string] => [
      `--${flagName(field)}${properties[field]!.type === 'boolean' ? '' : ` ${properties[field]!.type === 'integer' ? 'N' : wordName(field)}`}`,
      describe(field),
    ]),
    ...hidden.map((field): [string, string] => [
      `(${field})`,
      `asked for at a hidden prompt, or read from stdin${properties[field]!.type === 'string' ? '' : `, as JSON${shapeOf(properties[field]!)}`}; never a flag`,
    ]),
  ];
  rows.push(['--only FIELD', `one field of the answer, as it is: ${Object.keys(operation.output.properties).join(', ')}`]);
  const list = table(rows);
  return `Usage: ${usage.join(' ')}

${inCommands(`${operation.summary}.${operation.description ? ` ${operation.description}` : ''}`, operations)}
${list === '' ? '' : `\n${list}\n`}
Example: ${exampleLine(operation)}
`;
}

// Of a list, what one of it holds.
function shapeOf({ items }: FieldSchema): string {
  const { properties, required = [] } = (items ?? {}) as Partial<ObjectSchema>;
  if (properties === undefined) return '';
  return `: [{ ${Object.keys(properties)
    .map((name) => `"${name}"${required.includes(name) ? '' : '?'}`)
    .join(', ')} }, …]`;
}

import type { OperationDescription } from '@supervisor/core';
import { commands } from './commands.js';
import { exampleLine } from './example.js';
import { argumentsOf, flagName } from './input.js';

/** The list of all commands. */
export function overview(operations: readonly OperationDescription[]): string {
  const own = commands.map(({ command, summary }): [string, string] => [command, summary]);
  // Not those that a command of their own stands before.
  const derived = operations.filter(({ command }) => command !== '' && !commands.some((entry) => entry.command === command));
  const rows = [...own, ...derived.map((operation): [string, string] => [operation.command, operation.summary])];
  const width = Math.max(...rows.map(([command]) => command.length));
  return `Usage: supervisor COMMAND [ARGUMENTS] [--json]

${rows.map(([command, summary]) => `  ${command.padEnd(width)}  ${summary}`).join('\n')}

supervisor COMMAND --help tells more. The project is that of the working directory, unless --project names another.
The home is SUPERVISOR_HOME, else ~/.supervisor.

Example: supervisor ports allocate web
`;
}

/** Everything about one command, from its definition. */
export function commandHelp(operation: OperationDescription): string {
  const { positional, flags, hidden } = argumentsOf(operation);
  const { properties } = operation.input;
  const usage = [
    'supervisor',
    operation.command,
    ...positional.map((field) => field.toUpperCase()),
    ...(flags.length > 0 ? ['[OPTIONS]'] : []),
    '[--json]',
  ];
  const describe = (field: string) => {
    const { description, enum: choices, default: preset, type } = properties[field]!;
    const notes = [
      choices ? `one of ${choices.join(', ')}` : type === 'array' ? 'several: separate by commas' : '',
      preset === undefined ? '' : `else ${String(preset)}`,
    ];
    return [description ?? '', ...notes].filter(Boolean).join('; ');
  };
  const rows: [string, string][] = [
    ...positional.map((field): [string, string] => [field.toUpperCase(), describe(field)]),
    ...flags.map((field): [string, string] => [
      `--${flagName(field)}${properties[field]!.type === 'boolean' ? '' : ` ${properties[field]!.type === 'integer' ? 'N' : field.toUpperCase()}`}`,
      describe(field),
    ]),
    ...hidden.map((field): [string, string] => [
      `(${field})`,
      `asked for at a hidden prompt, or read from stdin${properties[field]!.type === 'string' ? '' : ', as JSON'}; never a flag`,
    ]),
  ];
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  const list = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`.trimEnd()).join('\n');
  return `Usage: ${usage.join(' ')}

${operation.summary}.${operation.description ? ` ${operation.description}` : ''}
${list === '' ? '' : `\n${list}\n`}
Example: ${exampleLine(operation)}
`;
}

#!/usr/bin/env node
import { errorFromBody, SupervisorError } from '@supervisor/core/errors';
import { homeAt } from '@supervisor/core/home';
import { homeFailure } from '@supervisor/core/home-failure';
import { nearest } from '@supervisor/core/nearest';
import { takesOwnProject } from '@supervisor/core/tools';
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import { Caller } from './caller.js';
import { commands, findCommand, screen } from './commands.js';
import { commandHelp, groupHelp, inCommands, overview } from './help.js';
import { argumentsOf, parseInput, UsageError } from './input.js';
import { render, renderOnly } from './render.js';
import { inWords } from './system-failure.js';

const caller = new Caller(homeAt(), process.cwd());

async function main(words: string[]): Promise<void> {
  const [first = ''] = words;
  if (['--version', '-v', 'version'].includes(first)) return console.log(caller.catalogue.version);
  if (first === 'help' && words.length > 1) return main([...words.slice(1), '--help']);
  if (isHelp(first) || first === 'help') return void process.stdout.write(overview(caller.catalogue.operations));
  const found = first === '' || ['--watch', '-w', '--json'].includes(first) ? screen : findCommand(words);
  if (!found) return runOperation(words);
  const { usage, run } = await found.load();
  const rest = words.slice(found.command.split(' ').filter(Boolean).length);
  // What follows -- belongs to another program.
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (own.some(isHelp)) return void process.stdout.write(usage);
  await run(rest, caller);
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

async function runOperation(words: string[]): Promise<void> {
  const operation = caller.findOperation(words);
  const group = !operation && (words.length === 1 || isHelp(words[1]!)) ? groupHelp(caller.catalogue.operations, words[0]!) : undefined;
  if (group) return void process.stdout.write(group);
  if (!operation) throw unknownCommand(words);
  const { input, json, only, help } = parseInput(operation, words.slice(operation.command.split(' ').length));
  if (help) return void process.stdout.write(commandHelp(operation, caller.catalogue.operations));
  if (takesOwnProject(operation, input)) void caller.place;
  const { hidden, positional } = argumentsOf(operation);
  // A person may have meant another one. What has a confirmation of its own asks later, and says more. Not by process.stdin, which
  // would be made to be asked.
  const person = operation.access === 'destroy' && isatty(0) && isatty(2);
  const asks = person && !('confirmation' in operation.input.properties);
  // Loaded when there is something to ask.
  const ask = operation.access === 'owner' || asks || hidden.length > 0 ? await import('./prompt.js') : undefined;
  for (const [field, { description = '' }] of Object.entries(operation.input.properties))
    if (description.startsWith('Absolute path') && typeof input[field] === 'string') input[field] = resolve(input[field]);
  const about = positional.map((field) => String(input[field])).join(' ');
  if (operation.access === 'owner' || asks) await ask!.confirm(`${operation.summary}${about === '' ? '' : ` (${about})`}. Go on?`);
  for (const field of hidden) {
    // Left out where it comes from elsewhere.
    if (!operation.input.required?.includes(field) && (input['from'] ?? 'value') !== 'value') continue;
    const text = await ask!.readHidden(field);
    input[field] = operation.input.properties[field]!.type === 'string' ? text : parseJson(text, field);
  }
  const output = await caller.call(operation, input);
  if (only === undefined) process.stdout.write(`${json ? JSON.stringify(output) : render(inOurWords(output))}\n`);
  else process.stdout.write(renderOnly(output[only], json, process.stdout.isTTY));
}

// What an answer says of itself names operations as tools do.
function inOurWords(output: Record<string, unknown>): Record<string, unknown> {
  const said = ['advice', 'notes', 'next'].filter((field) => output[field]);
  const translated = said.map((field) => [
    field,
    [output[field]].flat().map((text) => inCommands(String(text), caller.catalogue.operations)),
  ]);
  return { ...output, ...Object.fromEntries(translated) };
}

function unknownCommand(words: string[]): UsageError {
  const given = words
    .slice(0, 2)
    .filter((word) => !isHelp(word))
    .join(' ');
  const known = [...caller.catalogue.operations, ...commands].map(({ command }) => command);
  const slips = nearest(given, new Set([...known, ...known.map((command) => command.split(' ')[0]!)]));
  const near = slips.length > 0 ? slips : known.filter((command) => command.startsWith(`${words[0]} `));
  const hint = near.length > 1 ? ` Is it one of: ${near.join(' · ')}?` : near.map((one) => ` Is it ${one}?`).join('');
  return new UsageError(`There is no command ${JSON.stringify(given)}.${hint}`);
}

function parseJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${field} must be JSON.`);
  }
}

function report(caught: unknown): void {
  const error = knownOf(caught);
  const words = process.argv.slice(2);
  // What follows -- belongs to another program.
  const json = (words.includes('--') ? words.slice(0, words.indexOf('--')) : words).includes('--json');
  if (error instanceof UsageError)
    process.stderr.write(
      json
        ? `${JSON.stringify(new SupervisorError('invalid_input', `${error.message.replace(/[^.?!]$/, '$&.')} ${whereHelpIs()}`))}\n`
        : `${error.message}\n${whereHelpIs()}\n`,
    );
  else if (error instanceof SupervisorError)
    process.stderr.write(json ? `${JSON.stringify(error)}\n` : `${inCommands(error.message, caller.catalogue.operations)}\n`);
  else {
    const { message } = error as Error;
    process.stderr.write(json ? `${JSON.stringify(new SupervisorError('internal', message))}\n` : `supervisor: ${message}\n`);
  }
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

function knownOf(caught: unknown): unknown {
  if (!(caught instanceof Error)) return caught;
  if ('syscall' in caught) return homeFailure(caught, caller.home) ?? inWords(caught as NodeJS.ErrnoException);
  // What is loaded beside this bundle has a class of its own.
  return caught.name === 'SupervisorError' && !(caught instanceof SupervisorError) ? errorFromBody(caught as SupervisorError) : caught;
}

function whereHelpIs(): string {
  const words = process.argv.slice(2);
  const command = findCommand(words)?.command ?? caller.findOperation(words)?.command;
  return command ? `supervisor ${command} --help tells more.` : 'supervisor --help lists the commands.';
}

// Whoever reads has seen enough, as with head.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
void main(process.argv.slice(2))
  .catch(report)
  .finally(() => caller.close());

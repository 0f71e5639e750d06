#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findProject, Session } from '@supervisor/client';
import type { Catalogue, OperationDescription } from '@supervisor/core';
import { SupervisorError } from '@supervisor/core/errors';
import { homeAt } from '@supervisor/core/home';
import { nearest } from '@supervisor/core/nearest';
import { remote } from '@supervisor/core/remote';
import { commandHelp, overview } from './help.js';
import { argumentsOf, parseInput, UsageError } from './input.js';
import { logs, mcp, program, start, stop } from './lifecycle.js';
import { confirm, readHidden } from './prompt.js';
import { render } from './render.js';

const home = homeAt();
const catalogue = () =>
  JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('@supervisor/supervisor/catalogue')), 'utf8')) as Catalogue;

async function main(words: string[]): Promise<void> {
  const [first = '--help', ...rest] = words;
  switch (first) {
    case 'start':
      return start(home);
    case 'stop':
      return stop(home);
    case 'logs':
      return logs(home, rest.includes('--follow') || rest.includes('-f'));
    case 'mcp':
      return mcp(rest);
    case '--version':
      return console.log(catalogue().version);
    case '--help':
    case '-h':
    case 'help':
      return void process.stdout.write(overview(catalogue().operations));
    default:
      return runOperation(words);
  }
}

async function runOperation(words: string[]): Promise<void> {
  const { operations } = catalogue();
  const operation = findOperation(operations, words);
  const { input, json, help } = parseInput(operation, words.slice(operation.command.split(' ').length));
  if (help) return void process.stdout.write(commandHelp(operation));
  if (operation.access === 'owner') await confirm(`${operation.summary}. Go on?`);
  for (const field of argumentsOf(operation).hidden) {
    const text = await readHidden(field);
    input[field] = operation.input.properties[field]!.type === 'string' ? text : parseJson(text, field);
  }
  const session = new Session({ home, program, hello: { role: 'owner', ...findProject(process.cwd()) } });
  const output = await remote(operations, session).call(operation.name, input, {});
  process.stdout.write(`${json ? JSON.stringify(output) : render(output)}\n`);
  await session.close();
}

function findOperation(operations: readonly OperationDescription[], words: string[]): OperationDescription {
  const found = operations.find(({ command }) => command.split(' ').every((word, index) => words[index] === word));
  if (found) return found;
  const given = words.slice(0, 2).join(' ');
  const group = operations.filter(({ command }) => command.startsWith(`${words[0]} `)).map(({ command }) => command);
  const near =
    group.length > 0
      ? group
      : nearest(
          given,
          operations.map(({ command }) => command),
        );
  throw new UsageError(`There is no command ${JSON.stringify(given)}.${near.length > 0 ? ` Is it one of: ${near.join(' · ')}?` : ''}`);
}

function parseJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${field} must be JSON.`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError)
    process.stderr.write(`${error.message}\nsupervisor --help lists the commands; COMMAND --help tells more.\n`);
  else if (error instanceof SupervisorError)
    process.stderr.write(process.argv.includes('--json') ? `${JSON.stringify(error)}\n` : `${error.message}\n`);
  else process.stderr.write(`supervisor: ${(error as Error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

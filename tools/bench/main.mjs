// Measures Supervisor against plain alternatives. Every figure is a ratio to something measured in the same run, so that
// it means the same on a slow machine as on a fast one; only memory and tokens are absolute.
import { parseArgs } from 'node:util';
import { measureCalls } from './calls.mjs';
import { cleanUp } from './cleanup.mjs';
import { measureCommand } from './cli.mjs';
import { measureGrants } from './grants.mjs';
import { measureKnowledge } from './knowledge.mjs';
import { measureMemory } from './memory.mjs';
import { measurePipe } from './pipe.mjs';
import { endProcesses } from './processes.mjs';
import { measureRest } from './rest.mjs';
import { measureSecrets } from './secrets.mjs';
import { printTable } from './table.mjs';
import { measureTokens } from './tokens.mjs';

const groups = {
  pipe: [measurePipe, 'from spawning the stdio server to its list of tools, against servers made with the SDK'],
  calls: [measureCalls, 'a tool call over stdio, against its SQL straight on the database'],
  rest: [measureRest, 'reads per second over HTTP, against a hand-written Fastify route'],
  grants: [measureGrants, 'ports granted per second at 32 clients, against INSERT … RETURNING'],
  secrets: [measureSecrets, 'opening an envelope against a bare decryption, a release against its least SQL'],
  knowledge: [measureKnowledge, 'quality of retrieval on the small collection, against minisearch and orama'],
  memory: [measureMemory, 'memory of the stdio server'],
  tokens: [measureTokens, 'what the list of tools costs a model'],
  cli: [measureCommand, 'a whole command, against an empty Node process'],
};

const usage = `Usage: npm run bench -- [--json] [GROUP …]

Each figure with its goal and whether it holds. Without a group, all; a part of a name is enough:

${Object.entries(groups)
  .map(([name, [, what]]) => `  ${name.padEnd(10)}${what}`)
  .join('\n')}

  --json  for machines
  --help  this text

It makes homes, servers and databases of its own in the temporary folder and removes them at the end.

Example: npm run bench -- pipe memory
`;

let ending;
function finish(code) {
  ending ??= endProcesses()
    .then(cleanUp)
    .then(() => process.exit(code));
  return ending;
}

async function run() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(usage);
  const chosen = Object.entries(groups).filter(([name]) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
  if (chosen.length === 0) {
    console.error(`There is no such group. There are ${Object.keys(groups).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const figures = [];
  for (const [name, [measure]] of chosen) {
    if (!values.json) process.stderr.write(`Measuring ${name} …\n`);
    figures.push(...(await measure()));
  }
  if (values.json) console.log(JSON.stringify(figures, null, 2));
  else printTable(figures);
}

process.on('SIGINT', () => finish(130)).on('SIGTERM', () => finish(143));
try {
  await run();
  await finish(process.exitCode ?? 0);
} catch (error) {
  // An interrupted measurement fails because its processes are gone: that is not news.
  if (!ending) console.error(error);
  await finish(1);
}

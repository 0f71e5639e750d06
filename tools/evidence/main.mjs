// The long checks: faults, fuzz, load and scale, on the real processes. One line for each: figure, goal, whether it holds.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Stage } from './harness.mjs';

const parts = ['core', 'secrets', 'ports', 'timing', 'cloud', 'knowledge'];

const usage = `Usage: npm run evidence [-- PART …] [-- options]

Runs the long checks and prints one line for each: figure, goal, whether it holds, seed and sizes. Progress goes to stderr.
The exit code is 1 when one does not hold. Parts: ${parts.join(', ')}; without a name, all that have checks.

  --only NAME   only the check of this name; may be repeated
  --seed N      another seed than 1
  --json        one JSON object a line
  --list        the names of the checks
  --help        this text

Example: npm run evidence -- core --only fuzz --seed 7
`;

const { values, positionals } = readArguments();
const seed = Number(values.seed);
const unknown = positionals.filter((part) => !parts.includes(part));

let stage;
for (const name of ['SIGINT', 'SIGTERM']) {
  process.once(name, async () => {
    await stage?.close();
    process.exit(name === 'SIGINT' ? 130 : 143);
  });
}

if (values.help) process.stdout.write(usage);
else if (unknown.length > 0) stop(`There is no part ${unknown.join(', ')}; there are ${parts.join(', ')}.`);
else if (!Number.isInteger(seed) || seed < 0 || seed > 2 ** 31 - 1) stop('--seed takes a whole number from 0 to 2147483647.');
else await main();
// What is still waiting is a timer of a process that has ended: everything was closed.
process.stdout.write('', () => process.exit());

function readArguments() {
  const options = {
    only: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  };
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    process.stderr.write(`${error.message.split('. ')[0]}. --help shows what there is.\n`);
    process.exit(2);
  }
}

async function main() {
  const asked = positionals.length > 0 ? positionals : parts.filter(hasChecks);
  const missing = asked.filter((part) => !hasChecks(part));
  for (const part of missing) console.log(`${part}: no checks yet`);
  if (missing.length > 0) process.exitCode = 1;
  const loaded = await Promise.all(asked.filter(hasChecks).map((part) => import(`./${part}/index.mjs`)));
  const known = loaded.flatMap(({ checks }) => checks);
  const stray = (values.only ?? []).filter((name) => !known.some((check) => check.name === name));
  if (stray.length > 0) return stop(`There is no check ${stray.join(', ')} here; there are ${known.map(({ name }) => name).join(', ')}.`);
  const chosen = known.filter(({ name }) => values.only?.includes(name) ?? true);
  for (const check of chosen) {
    if (values.list) console.log(check.name);
    else report(check, await run(check));
  }
}

function hasChecks(part) {
  return existsSync(new URL(`./${part}/index.mjs`, import.meta.url));
}

// A check that throws has not been seen to hold.
async function run(check) {
  stage = new Stage(check.name);
  process.stderr.write(`${check.name}: starts\n`);
  const started = performance.now();
  const result = await check
    .run(stage, { seed, sizes: check.sizes })
    .catch((error) => ({ holds: false, figure: `stopped: ${error.message.replace(/\s+/g, ' ').trim()}`, problems: [String(error.stack)] }));
  await stage.close();
  return { ...result, seconds: Math.round((performance.now() - started) / 100) / 10 };
}

function report({ name, goal, sizes }, { holds, figure, problems = [], seconds }) {
  if (!holds) process.exitCode = 1;
  if (values.json) return console.log(JSON.stringify({ name, holds, figure, goal, seed, sizes, seconds, problems }));
  for (const problem of problems.slice(0, 12)) process.stderr.write(`${name}: ${problem}\n`);
  const size = Object.entries(sizes).map(([what, number]) => `${what} ${number}`);
  console.log(`${holds ? 'holds' : 'FAILS'}  ${name}: ${figure} | goal: ${goal} | seed ${seed}, ${size.join(', ')} | ${seconds} s`);
}

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 2;
}

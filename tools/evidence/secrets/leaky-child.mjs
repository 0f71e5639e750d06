import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRedactor } from '@supervisor/secrets/redact';
import { checkout, randomFrom } from '../harness.mjs';
import { disguises } from './disguises.mjs';
import { base64Text, cleanKinds, logText, randomBytesFrom } from './streams.mjs';

const program = join(checkout, 'apps/cli/dist/main.cjs');
const child = fileURLToPath(new URL('leaky-program.mjs', import.meta.url));
const values = {
  TOKEN: 'sk_fake_51H8xQ2eZvKYlo2C7f3a',
  NASTY: `p@ss "w'örd"\\/&<>$\`!+=%41 and more`,
  LINES: `-----BEGIN FAKE KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlq\n'.repeat(3)}-----END FAKE KEY-----`,
  TWICE: 'abcabc-fake-xyz-abcabc',
};
const pathOf = (name) => `shop/leaky/${name.toLowerCase()}`;

/** `supervisor run` with its output in a file, and a program that prints its secrets. */
export const leakyChild = {
  name: 'leaky-child',
  goal: 'of no secret the whole, in any disguise, on stdout or stderr; 0 clean streams altered; ≥ 50 MiB/s of log text in CPU time',
  sizes: { clean: 50, cleanBytes: 300_000, throughputMiB: 64 },
  async run(stage, { seed, sizes }) {
    const home = await stage.home();
    await home.start();
    const owner = await home.session({ role: 'owner' });
    for (const [name, value] of Object.entries(values))
      await owner.request('call', { operation: 'store_secret', input: { path: pathOf(name), value, exposure: 'use' } });

    const problems = [];
    let longest = { share: 0 };
    for (const name of Object.keys(disguises)) {
      const outputs = await runToFiles(stage, home, [child, name]);
      for (const [where, bytes] of Object.entries(outputs)) {
        const text = bytes.toString();
        if (!text.includes('[secret:shop/leaky/')) problems.push(`${name}: nothing was replaced on ${where}`);
        for (const [secret, value] of Object.entries(values)) {
          const left = longestFragment(disguises[name], value, text);
          if (left.share > longest.share) longest = { ...left, name, secret };
          if (left.share === 1) problems.push(`${name} of ${secret}: the whole came through on ${where}`);
        }
      }
    }

    const altered = await alteredStreams(seed, sizes);
    if (altered.length > 0) problems.push(`altered: ${altered.join(', ')}`);
    const clean = Buffer.concat(Object.values(cleanKinds).map((make) => make(randomFrom(seed), sizes.cleanBytes)));
    const cleanFile = join(home.work, 'clean.bin');
    writeFileSync(cleanFile, clean);
    const { stdout } = await runToFiles(stage, home, [child, 'copy', cleanFile]);
    if (!stdout.equals(clean)) problems.push('a clean file was altered by supervisor run');

    const speeds = {};
    for (const [what, make] of Object.entries({ 'log text': logText, base64: base64Text, random: randomBytesFrom }))
      speeds[what] = await throughput(make(randomFrom(seed), 1 << 20), sizes.throughputMiB);
    if (speeds['log text'] < 50) problems.push(`log text: ${speeds['log text'].toFixed(0)} MiB/s`);
    const speed = Object.entries(speeds).map(([what, value]) => `${what} ${value.toFixed(0)} MiB/s`);
    const figure =
      `${Object.keys(disguises).length} disguises of ${Object.keys(values).length} secrets, the longest fragment ` +
      `${Math.round(longest.share * 100)} % (${longest.name} of ${longest.secret}); ${sizes.clean} clean streams, ${altered.length} altered; ${speed.join(', ')}`;
    return { holds: problems.length === 0, figure, problems };
  },
};

/** Runs node under `supervisor run`. Answers with what stands in the two files afterwards. */
async function runToFiles(stage, home, args) {
  const files = { stdout: join(home.work, 'out.txt'), stderr: join(home.work, 'err.txt') };
  const [out, err] = [openSync(files.stdout, 'w'), openSync(files.stderr, 'w')];
  const secrets = Object.keys(values).flatMap((name) => ['--secret', `${name}=${pathOf(name)}`]);
  const running = stage.spawn([program, 'run', ...secrets, '--', process.execPath, ...args], {
    cwd: home.work,
    env: home.env,
    stdio: ['ignore', out, err],
  });
  const code = await new Promise((resolve) => running.once('close', resolve));
  closeSync(out);
  closeSync(err);
  if (code !== 0) throw new Error(`${args.at(-1)} ended with ${code}: ${readFileSync(files.stderr, 'utf8').slice(0, 300)}`);
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readFileSync(file)]));
}

// In the disguise's own letters: what a reader could take out of the output and undo.
function longestFragment({ form, join: joined = (text) => text }, value, output) {
  const whole = form(value);
  const text = joined(output);
  let longest = 0;
  for (let start = 0; start < whole.length - longest; start++)
    while (start + longest < whole.length && text.includes(whole.slice(start, start + longest + 1))) longest++;
  return { longest, share: longest / whole.length };
}

const redactor = () => createRedactor(Object.entries(values).map(([name, value]) => ({ name: pathOf(name), value })));

async function alteredStreams(seed, { clean, cleanBytes }) {
  const altered = [];
  const kinds = Object.entries(cleanKinds);
  for (let number = 0; number < clean; number++) {
    const [kind, make] = kinds[number % kinds.length];
    const random = randomFrom(seed * 1000 + number);
    const bytes = make(random, cleanBytes);
    // Chunks of any length, so that letters of several bytes are cut too.
    const chunks = [];
    for (let at = 0; at < bytes.length;) chunks.push(bytes.subarray(at, (at += 1 + Math.floor(random() ** 4 * 40_000))));
    if (!(await through(chunks)).equals(bytes)) altered.push(`${kind} ${number}`);
  }
  return altered;
}

async function through(chunks) {
  const stream = redactor().stream();
  const pieces = [];
  const ended = new Promise((resolve) => stream.on('data', (piece) => pieces.push(piece)).once('end', resolve));
  for (const chunk of chunks) if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
  stream.end();
  await ended;
  return Buffer.concat(pieces);
}

/** MiB a second of processor time: others on the machine do not count. */
async function throughput(mebibyte, count) {
  const chunks = Array.from({ length: 16 }, (_, index) => mebibyte.subarray(index << 16, (index + 1) << 16));
  await through([...chunks, ...chunks]);
  const { user, system } = process.cpuUsage();
  await through(Array.from({ length: count }, () => chunks).flat());
  const taken = process.cpuUsage({ user, system });
  return count / ((taken.user + taken.system) / 1e6);
}

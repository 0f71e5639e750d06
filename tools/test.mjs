// Runs every package's tests, on PGlite and on PostgreSQL: TEST_DATABASE_URL, else a server of our own, else that half is skipped.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const nx = 'node_modules/nx/dist/bin/nx.js';
const given = process.env.TEST_DATABASE_URL;
const server = given ? undefined : await startPostgres();
const url = given ?? server?.url;
if (!url) console.log('PostgreSQL: skipped (no server binaries here and no TEST_DATABASE_URL).');

const counts = { passed: 0, failed: 0, skipped: 0 };
const child = spawn(
  process.execPath,
  // What was built just before is what is tested.
  [nx, 'run-many', '-t', 'test', '--excludeTaskDependencies', '--outputStyle=static', ...process.argv.slice(2)],
  {
    cwd: root,
    env: { ...process.env, ...(url ? { TEST_DATABASE_URL: url } : {}) },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
let rest = '';
child.stdout.setEncoding('utf8').on('data', (text) => {
  process.stdout.write(text);
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  for (const line of lines) count(line);
});
const code = await new Promise((resolve) => child.once('close', resolve));
await server?.stop();
console.log(`PostgreSQL: ${url ? 'tested' : 'skipped'}.`);
console.log(`Tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(code ?? 1);

// Jest's own last lines: "Tests:       1 failed, 2 skipped, 30 passed, 33 total".
function count(line) {
  const [, summary] = /^\s*Tests:\s+(.*total)/.exec(line.replace(/\x1b\[[0-9;]*m/g, '')) ?? [];
  for (const [, number, kind] of (summary ?? '').matchAll(/(\d+) (passed|failed|skipped)/g)) counts[kind] += Number(number);
}

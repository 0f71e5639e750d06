// What every npm script starts with: a checkout that is installed and built. Needs nothing but Node.
// Usage: node tools/bootstrap.mjs [--quiet] STEP …   with the steps verify, build, test
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stampBuild } from './stamp-build.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const oldest = [20, 19];
const words = process.argv.slice(2);
const quiet = words.includes('--quiet');
const steps = words.filter((word) => word !== '--quiet');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  console.error(`Supervisor needs Node ${oldest.join('.')} or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

// stdout may belong to an MCP client: what we have to say goes to stderr.
function say(text) {
  if (!quiet) console.error(text);
}

const running = new Set();

/** Runs a command to its end; when it fails, shows what it printed and ends everything. */
async function run(what, command, args, show = false) {
  const started = Date.now();
  say(`${what} …`);
  const child = spawn(command, args, { cwd: root, stdio: show ? 'inherit' : 'pipe' });
  running.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (printed += text));
  const status = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  running.delete(child);
  if (status !== 0) {
    for (const other of running) other.kill();
    console.error(`${what} failed${typeof status === 'string' ? `: ${status}` : ''}.\n${printed}`);
    process.exit(1);
  }
  say(`${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

async function install() {
  const stamp = `${root}node_modules/.supervisor-installed`;
  const wanted = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await run('Installing', 'npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}

const bin = (path) => `${root}node_modules/${path}`;
const node = (path, ...args) => [process.execPath, [bin(path), ...args]];

let compiled;
/** One compiler for all projects takes a quarter of what one for each takes; Nx then finds their output fresh. */
function compile() {
  return (compiled ??= run('Types', ...node('typescript/bin/tsc', '-b')));
}

const known = {
  verify: () =>
    Promise.all([
      compile(),
      run('Format', ...node('prettier/bin/prettier.cjs', '--check', '--cache', '--cache-strategy', 'content', '--log-level', 'warn', '.')),
      run('Lint', ...node('oxlint/bin/oxlint', '--deny-warnings')),
      run('Boundaries', process.execPath, ['tools/check-boundaries.mjs']),
    ]),
  async build() {
    await compile();
    await run('Building', ...node('nx/dist/bin/nx.js', 'run-many', '-t', 'build', '--outputStyle=static'));
    stampBuild(root);
  },
  test: () => run('Testing', process.execPath, ['tools/test.mjs'], true),
};

await install();
// Those that need nothing of each other go side by side.
await Promise.all(steps.filter((step) => step !== 'test').map((step) => known[step]()));
if (steps.includes('test')) await known.test();

// What every npm script starts with: a checkout that is installed and built. Needs nothing but Node.
// Usage: node tools/bootstrap.mjs [--quiet] STEP …   with the steps verify, build, test
import { spawnSync } from 'node:child_process';
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

/** Runs a command; when it fails, shows what it printed and ends. */
function run(what, command, args, show = false) {
  const started = Date.now();
  say(`${what} …`);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: show ? 'inherit' : 'pipe',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) {
    console.error(`${what} failed.\n${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`);
    process.exit(status ?? 1);
  }
  say(`${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function install() {
  const stamp = `${root}node_modules/.supervisor-installed`;
  const wanted = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  run('Installing', 'npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}

const bin = (path) => `${root}node_modules/${path}`;
const node = (path, ...args) => [process.execPath, [bin(path), ...args]];

const known = {
  verify() {
    run('Format', ...node('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'));
    run('Lint', ...node('oxlint/bin/oxlint', '--deny-warnings'));
    run('Boundaries', process.execPath, ['tools/check-boundaries.mjs']);
    run('Types', ...node('typescript/bin/tsc', '-b'));
  },
  build() {
    // One compiler for all projects takes a quarter of what one for each takes; Nx then finds their output fresh.
    run('Compiling', ...node('typescript/bin/tsc', '-b'));
    run('Building', ...node('nx/dist/bin/nx.js', 'run-many', '-t', 'build', '--outputStyle=static'));
    stampBuild(root);
  },
  test() {
    run('Testing', process.execPath, ['tools/test.mjs'], true);
  },
};

install();
for (const step of steps) known[step]();

// Runs every package's tests (or, with words for Jest, some of them), on PGlite and on PostgreSQL: TEST_DATABASE_URL, else a server of our own, else that half is skipped.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from './postgres.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
// A test's embedded database lives for seconds: V8 would spend a quarter of all the time on optimising code that then ends.
const flags = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', '--liftoff-only'];
const jest = [...flags, 'node_modules/jest/bin/jest.js'];
const given = process.env.TEST_DATABASE_URL;
const server = given ? undefined : await startPostgres();
const url = given ?? server?.url;
if (!url) console.log('PostgreSQL: skipped (no server binaries here and no TEST_DATABASE_URL).');

// Whatever a test leaves there goes with it.
const temporary = mkdtempSync(join(tmpdir(), 'supervisor-tests-'));
// Another user, as whom some of them run, gets through it.
chmodSync(temporary, 0o711);
const { status } = spawnSync(process.execPath, [...jest, ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, TMPDIR: temporary, ...(url ? { TEST_DATABASE_URL: url } : {}) },
  stdio: 'inherit',
});
rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
await server?.stop();
console.log(`PostgreSQL: ${url ? 'tested' : 'skipped'}.`);
process.exit(status ?? 1);

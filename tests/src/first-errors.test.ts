import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort, programs, root, TestHome, type Finished } from './harness.js';

// What can go wrong in the first hour, each caused for real: the message names the cause and the mend, and is all that is said.
const ENCRYPTION_KEY = '0123456789abcdef'.repeat(4);

// Several starts each.
jest.setTimeout(240_000);

let home: TestHome;
beforeEach(async () => {
  home = await TestHome.create();
});
afterEach(() => home.remove());

const start = (env: Record<string, string> = {}) => home.run([programs.api], '', env);

/** One readable message, without a stack, and nothing on the way to it that looks like success. */
function expectMessage({ code, stdout, stderr }: Finished, ...parts: (string | RegExp)[]): void {
  for (const part of parts) expect(stderr).toMatch(part);
  expect(code).toBe(1);
  expect(stdout.replace('Starting Supervisor …\n', '')).toBe('');
  expect(stderr).not.toMatch(/^\s+at |Error:|undefined/m);
}

// OLD_NODE names a real one; else the one that runs says that it is old. The workflow has a job with Node 18 besides.
const oldNode = process.env['OLD_NODE'];
const asOld = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } })`;
test.each([
  ['npm start', join(root, 'tools/bootstrap.mjs'), 'build'],
  ['the pipe', programs.pipe, '--help'],
  ['the command', programs.cli, '--help'],
])('%s tells an old Node which one is needed', (_, ...args) => {
  const node = oldNode ? [oldNode, ...args] : [process.execPath, '--import', asOld, ...args];
  const { status, stdout, stderr } = spawnSync(node[0]!, node.slice(1), { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^Supervisor needs Node 20\.19 or newer; this is 1\d\..*\n$/),
  });
});

test('a home that is a file', async () => {
  const file = join(home.work, 'file');
  writeFileSync(file, '');
  expectMessage(await start({ SUPERVISOR_HOME: file }), /is in the way: it is no folder\. .*SUPERVISOR_HOME/);
  const cli = await home.run([programs.cli, 'start'], '', { SUPERVISOR_HOME: file });
  expectMessage(cli, 'SUPERVISOR_HOME');
  expectMessage(
    await home.run([programs.cli, 'status'], '', { SUPERVISOR_HOME: file }),
    /is in the way: it is no folder\. .*SUPERVISOR_HOME/,
  );
});

const isRoot = process.getuid?.() === 0;
const anotherUser = 65_534;

(isRoot ? test : test.skip)('a home of another user', async () => {
  const run = (program: string, ...words: string[]) =>
    spawnSync(process.execPath, [program, ...words], {
      env: home.env,
      cwd: '/',
      uid: anotherUser,
      gid: anotherUser,
      encoding: 'utf8',
      input: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_ports"}}\n',
    });
  chmodSync(dirname(home.home.directory), 0o755);
  const asFinished = ({ status, stdout, stderr }: ReturnType<typeof run>) => ({ code: status, stdout, stderr, lingeredSeconds: 0 });
  expectMessage(asFinished(run(programs.api)), /home is not open to this user \(EACCES\)\. Make it theirs \(chown\)/);
  expectMessage(asFinished(run(programs.cli, 'start')), /not open to this user \(EACCES\).*SUPERVISOR_HOME/);
  expect(run(programs.pipe).stdout).toMatch(/not open to this user \(EACCES\)/);
  mkdirSync(home.home.directory, { mode: 0o700 });
  expectMessage(asFinished(run(programs.api)), /not open to this user \(EACCES\).*SUPERVISOR_HOME/);
  expectMessage(asFinished(run(programs.cli, 'status')), /SUPERVISOR_HOME/);
  // As after one start with sudo: nothing is damaged.
  mkdirSync(home.home.data, { mode: 0o700 });
  chownSync(home.home.directory, anotherUser, anotherUser);
  expectMessage(asFinished(run(programs.api)), /data is not open to this user \(EACCES\)\. Make it theirs \(chown\)/);
});

test('a lock that a script holds: who, and the ways out', async () => {
  const script = `
    const { openDatabase } = await import(${JSON.stringify(import.meta.resolve('@supervisor/db'))});
    await openDatabase(${JSON.stringify(home.home.data)});
    console.log('open');
    setInterval(() => {}, 1000);`;
  const holder = home.spawn(['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => holder.stdout!.once('data', resolve));
  expectMessage(await start(), new RegExp(`is open in process ${holder.pid} `), 'supervisor stop', 'DATABASE_URL');
  holder.kill();
});

test('a wrong key, a key that is gone, and one that is no key', async () => {
  await home.start();
  await home.stop();
  const key = readFileSync(home.home.encryptionKey, 'utf8');
  writeFileSync(home.home.encryptionKey, randomBytes(32).toString('hex'));
  expectMessage(
    await start(),
    /needs the key with fingerprint [0-9a-f]{16}, but .*encryption\.key now holds [0-9a-f]{16}\. Put the old one back/,
  );
  writeFileSync(home.home.encryptionKey, 'secret-but-short');
  const short = await start();
  expectMessage(short, '32 bytes', /fingerprint [0-9a-f]{16} is needed/);
  expect(short.stderr).not.toContain('secret-but-short');
  rmSync(home.home.encryptionKey);
  expectMessage(await start(), /was in .*encryption\.key and is not there now\. Put it back/);
  writeFileSync(home.home.encryptionKey, key, { mode: 0o600 });
  await home.start();
});

test('a database that is away, and one without a key', async () => {
  const port = await freePort();
  const away = { DATABASE_URL: `postgresql://me:fake-password@127.0.0.1:${port}/none`, ENCRYPTION_KEY };
  const refused = await start(away);
  expectMessage(refused, `127.0.0.1:${port}/none`, /DATABASE_URL|server/);
  expect(refused.stderr).not.toContain('fake-password');
  expectMessage(await start({ ...away, DATABASE_URL: 'mysql://me:fake-password@x/y' }), 'postgresql://');
});

// A disk of its own, in a mount namespace of its own, that goes with the process.
const hasMounts = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

function onDisk(size: string, commands: string): Promise<Finished> {
  mkdirSync(home.home.directory);
  const script = `mount -t tmpfs -o size=${size},mode=0700 tmpfs "$SUPERVISOR_HOME" && ${commands}`;
  const child = spawn('unshare', ['-rm', 'sh', '-c', script], { env: home.env, cwd: home.work });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr, lingeredSeconds: 0 })));
}

const service = `'${process.execPath}' '${programs.api}'`;

(hasMounts ? test : test.skip).each([
  ['2m', /The disk that holds .*data is full \(\d+ MB left; a database needs 64\)\. Free some space/],
  ['4k', /The disk that holds .* is full.* Free some space/],
])('a disk with %s: which, and how much is missing', async (size, message) => {
  expectMessage(await onDisk(size, service), message);
});

(hasMounts ? test : test.skip)('a disk that fills up meanwhile: nothing is half done, and it goes on once there is space', async () => {
  const supervisor = `'${process.execPath}' '${programs.cli}'`;
  const play = [
    `${service} > /dev/null & service=$!`,
    `until [ -S "$SUPERVISOR_HOME/supervisor.sock" ]; do kill -0 $service || exit 1; sleep 0.1; done`,
    `echo first-fake-value | ${supervisor} secrets store shop/a/first --json`,
    `dd if=/dev/zero of="$SUPERVISOR_HOME/big" bs=64k 2> /dev/null`,
    `head -c 60000 /dev/zero | tr '\\0' x | ${supervisor} secrets store shop/a/large --json`,
    // The service looks at its disk five times a second.
    `rm "$SUPERVISOR_HOME/big"; sleep 0.3`,
    `echo second-fake-value | ${supervisor} secrets store shop/a/second --json`,
    `${supervisor} secrets list --json`,
    `kill $service; wait $service`,
  ].join('\n');
  const { code, stdout, stderr } = await onDisk('160m', `{ ${play}\n}`);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/disk is nearly full, .* Nothing is half done; free some space and try again\.","details":\{\}\}\n$/),
  });
  const { secrets } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  expect(secrets.map(({ path }: { path: string }) => path)).toEqual(['shop/a/first', 'shop/a/second']);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs, TestHome } from './harness.js';
import { withTerminal } from './terminal.js';

let home: TestHome;
beforeAll(async () => {
  home = await TestHome.create();
  mkdirSync(join(home.work, '.git'));
});
afterAll(() => home.remove());

test('start, use, stop; stopped stays stopped until start', async () => {
  expect((await home.cli('start')).stdout).toContain('Supervisor runs');
  expect(JSON.parse((await home.cli('ports', 'allocate', 'web', '--json')).stdout)).toMatchObject({
    project: 'shop',
    service: 'web',
    port: expect.any(Number),
  });
  expect((await home.cli('ports', 'list', '--project', 'shop')).stdout).toMatch(/port\s+project\s+service[^]*31\d\d\s+shop\s+web/);
  const port = (await home.cli('ports', 'get', 'web', '--project', 'shop')).stdout.match(/31\d\d/)![0];
  expect((await home.cli('ports', 'explain', port)).stdout).toContain(`${port} belongs to shop/web, and `);
  expect((await home.cli('status')).stdout).toMatch(/embedded/);
  expect((await home.cli('stop')).stdout).toContain('is stopped');
  const refused = await home.cli('status');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('was stopped at') });
  expect((await home.cli('start')).code).toBe(0);
});

test('a command that makes the home says so, and what of the shell it did not use', async () => {
  const fresh = await TestHome.create({ DATABASE_URL: 'postgresql://me@127.0.0.1:9/none' });
  try {
    const first = await fresh.cli('ports', 'list', '--project', 'shop');
    const made = `Made a new home in ${fresh.home.directory}: embedded database, port ${fresh.env['SUPERVISOR_PORT']}. DATABASE_URL of this shell is not used`;
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining(made) });
    expect((await fresh.cli('ports', 'list', '--project', 'shop')).stderr).toBe('');
    expect(await fresh.cli('start', '--reconfigure')).toMatchObject({ code: 1, stderr: expect.stringContaining('supervisor stop') });
    await fresh.cli('stop');
    fresh.env['SUPERVISOR_HOST'] = '127.0.0.2';
    delete fresh.env['DATABASE_URL'];
    expect(await fresh.cli('start', '--reconfigure')).toMatchObject({ code: 0, stdout: expect.stringContaining('127.0.0.2') });
  } finally {
    await fresh.remove();
  }
});

test('a secret’s value comes from stdin and goes nowhere else', async () => {
  const stored = await home.run([programs.cli, 'secrets', 'store', 'shop/stripe/key', '--provider', 'stripe'], 'fake-value\n');
  expect(stored).toMatchObject({ code: 0, stderr: '' });
  expect(stored.stdout).not.toContain('fake-value');
  expect(JSON.parse((await home.cli('secrets', 'retrieve', 'shop/stripe/key', '--json')).stdout)).toMatchObject({ value: 'fake-value' });
  for (const words of [['--value', 'fake-other'], ['fake-other'], ['--value=fake-other']]) {
    const { code, stderr } = await home.cli('secrets', 'store', 'shop/stripe/key', ...words);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('read from stdin') });
    expect(stderr).not.toContain('fake-other');
  }
  expect(await home.cli('secrets', 'retrieve', 'shop/stripe/key', '--only', 'value')).toMatchObject({ code: 0, stdout: 'fake-value' });
  expect(await home.cli('secrets', 'retrieve', 'shop/stripe/key', '--only', 'vlaue')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('path, value, version'),
  });
  expect((await home.cli('secrets', 'delete', 'shop/stripe/key')).stdout).toMatch(/deleted\s+true/);
});

test('help teaches, and a slip is answered with what there is', async () => {
  expect((await home.cli('--help')).stdout).toContain('ports allocate');
  for (const words of [['ports'], ['ports', '-h'], ['help', 'ports']])
    expect(await home.cli(...words)).toMatchObject({ code: 0, stdout: expect.stringContaining('\n  ports map  ') });
  expect(await home.cli('secrest')).toMatchObject({ code: 2, stderr: expect.stringContaining('Is it secrets?') });
  expect(await home.run([programs.cli, 'secrets', 'store', 'shop/a/b', '--expires-at', 'soon'], 'fake')).toMatchObject({
    code: 1,
    stderr: '--expires-at must be a time in UTC, such as 2027-01-31T12:00:00Z.\n',
  });
  const bare = mkdtempSync(join(tmpdir(), 'supervisor-bare-'));
  const init = spawnSync(process.execPath, [programs.cli, 'init'], { cwd: bare, env: { ...home.env, HOME: bare }, encoding: 'utf8' });
  expect(init).toMatchObject({ status: 2, stderr: expect.stringContaining('is the home folder') });
  mkdirSync(join(bare, 'code', 'shop', '.git'), { recursive: true });
  const above = spawnSync(process.execPath, [programs.cli, 'init'], { cwd: join(bare, 'code'), env: home.env, encoding: 'utf8' });
  expect(above).toMatchObject({ status: 2, stderr: expect.stringContaining('1 git checkout below') });
  expect(existsSync(join(bare, '.supervisor.json'))).toBe(false);
  expect((await home.cli('ports', 'allocate', '--help')).stdout).toMatch(/Usage: supervisor ports allocate SERVICE[^]*--project/);
  expect(await home.cli('port', 'allocate')).toMatchObject({ code: 2, stderr: expect.stringContaining('ports allocate') });
  expect(await home.cli('ports', 'alocate')).toMatchObject({ code: 2, stderr: expect.stringContaining('Is it ports allocate?') });
  expect(await home.cli('ports', 'everything')).toMatchObject({ code: 2, stderr: expect.stringMatching(/Is it one of:.* ports list /) });
  expect(await home.cli('ports', 'allocate')).toMatchObject({
    code: 2,
    stderr: 'Missing: SERVICE\nsupervisor ports allocate --help tells more.\n',
  });
  const json = await home.cli('ports', 'allocate', '--json');
  expect(json).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(json.stderr)).toMatchObject({
    code: 'invalid_input',
    message: 'Missing: SERVICE. supervisor ports allocate --help tells more.',
  });
  expect(await home.cli('tokens', 'create', 'ci', '--scopes', 'read,admin')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--scopes takes read, use, write, destroy, and not admin.'),
  });
  expect(await home.cli('ports', 'list', '--projct', 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('Is it --project?') });
  expect(await home.cli('knowledge', 'import', join(bare, 'none'))).toMatchObject({
    stderr: expect.stringContaining('none cannot be read: there is no such file or folder (ENOENT).'),
  });
  expect(await home.cli('knowledge', 'import', bare)).toMatchObject({ stderr: expect.stringContaining('cannot be read: it is a folder') });
  expect(await home.cli('help', 'nothing')).toMatchObject({ code: 2, stderr: expect.stringContaining('no command "nothing".') });
  expect((await home.cli('ports', 'release', 'nothing')).stdout).toContain('supervisor ports allocate gives it one');
  const unread = await home.cli('keys', 'check', join(bare, 'none'), '--json');
  expect(JSON.parse(unread.stderr)).toMatchObject({ code: 'not_found', message: expect.stringContaining('There is no file') });
  expect(await home.cli('ports', 'get', 'nothing')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no port for nothing\. supervisor ports allocate gives it one/),
  });
  expect((await home.cli('secrets', '--help')).stdout).toContain('Delete a secret; supervisor secrets restore brings it back');
});

withTerminal('what cannot be undone is asked for on a terminal', async () => {
  await home.run([programs.cli, 'secrets', 'store', 'shop/gone/key'], 'fake');
  expect((await home.cli('secrets', 'get', 'shop/gone/key', '--only', 'value')).stdout).toBe('fake');
  const kept = home.onTerminal(['secrets', 'destroy', 'shop/gone/key'], 'n\n');
  expect(kept).toMatchObject({ code: 1, shown: expect.stringContaining('Go on? [y/N]') });
  expect(JSON.parse((await home.cli('secrets', 'has', 'shop/gone/key', '--json')).stdout)).toMatchObject({ exists: true });
  expect(home.onTerminal(['secrets', 'destroy', 'shop/gone/key'], 'y\n')).toMatchObject({ code: 0 });
  expect(JSON.parse((await home.cli('secrets', 'has', 'shop/gone/key', '--json')).stdout)).toMatchObject({ exists: false });
  // The first check gives the second something to tell of.
  expect(await home.cli('audit', 'verify')).toMatchObject({ code: 0, stderr: '' });
  expect(home.onTerminal(['audit', 'verify']).shown).toMatch(/\d+ of \d+ rows checked[^]*ok +true/);
});

test('what is the owner’s needs a terminal', async () => {
  expect(await home.cli('tokens', 'create', 'ci')).toMatchObject({ code: 2, stderr: expect.stringContaining('on a terminal') });
  expect((await home.cli('tokens', 'list')).stdout).toContain('home');
});

test('a marker file names the project, and the home is this user’s alone', async () => {
  writeFileSync(join(home.work, '.supervisor.json'), '{"project": "other"}');
  expect(JSON.parse((await home.cli('ports', 'allocate', 'web', '--json')).stdout)).toMatchObject({ project: 'other' });
  for (const path of [home.home.directory, home.home.encryptionKey, home.home.token, home.home.socket, home.home.instance]) {
    expect(statSync(path).mode & 0o077).toBe(0);
  }
});

test('start leaves the command in the home', async () => {
  const { SUPERVISOR_HOME: _, ...env } = home.env;
  const { stdout } = spawnSync(home.home.command, ['ports', 'get', 'web', '--project', 'shop', '--json'], { env, encoding: 'utf8' });
  expect(JSON.parse(stdout)).toMatchObject({ port: expect.any(Number) });
  expect(statSync(home.home.command).mode & 0o777).toBe(0o700);
  const elsewhere = readFileSync(home.home.command, 'utf8').replace(process.execPath, '/gone/bin/node');
  writeFileSync(join(home.work, 'command'), elsewhere, { mode: 0o700 });
  const { stdout: found } = spawnSync(join(home.work, 'command'), ['ports', 'get', 'web', '--project', 'shop', '--json'], {
    env,
    encoding: 'utf8',
  });
  expect(found).toBe(stdout);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, TestHome } from './harness.js';
import { withTerminal } from './terminal.js';

let home: TestHome;
// Whichever of the range are free here.
const ports: Record<string, number> = {};
beforeAll(async () => {
  home = await TestHome.create();
  await home.start();
  await home.run([programs.cli, 'secrets', 'store', 'shop/mail/key'], "it's a fake");
  const file = { project: 'shop', ports: { PORT: 'web', API_PORT: 'api' }, secrets: { MAIL_KEY: 'shop/mail/key' } };
  writeFileSync(join(home.work, '.supervisor.json'), JSON.stringify(file));
  for (const service of ['web', 'api', 'admin']) {
    ports[service] = (JSON.parse((await home.cli('ports', 'allocate', service, '--json')).stdout) as { port: number }).port;
  }
});
afterAll(() => home.remove());

test('run gives a command what the project file lists, and a flag wins', async () => {
  const print = ['sh', '-c', 'echo "$PORT $API_PORT $1"; test "$MAIL_KEY" = "it\'s a fake"', 'sh', '--help'];
  expect(await home.cli('run', '--', ...print)).toMatchObject({ code: 0, stdout: `${ports['web']} ${ports['api']} --help\n`, stderr: '' });
  const flagged = await home.cli('run', '--port', 'PORT=admin', '--secret', 'OTHER=shop/mail/key', '--', 'sh', '-c', 'echo $PORT $OTHER');
  expect(flagged.stdout).toBe(`${ports['admin']} [secret:shop/mail/key]\n`);
});

withTerminal('what a command writes of its secrets is hidden, on a terminal it is not', async () => {
  const leak = 'printf %s "$MAIL_KEY" | base64; echo "$MAIL_KEY" >&2';
  const { stdout, stderr } = await home.cli('run', '--', 'sh', '-c', leak);
  // The letter that holds the last four bits stands for many values.
  expect([stdout, stderr]).toEqual(['[secret:shop/mail/key]U=\n', '[secret:shop/mail/key]\n']);
  expect(home.onTerminal(['run', '--', 'printenv', 'MAIL_KEY']).shown).toBe("it's a fake\n");
});

test('what a command writes that ends at once is not lost', async () => {
  for (let round = 0; round < 10; round++) expect(await home.cli('run', '--', 'echo', 'done')).toMatchObject({ code: 0, stdout: 'done\n' });
});

test('a port given for a time stays while the command lives', async () => {
  const expiry = async () => {
    const { stdout } = await home.cli('ports', 'get', 'job', '--json');
    return Date.parse((JSON.parse(stdout) as { expiresAt: string }).expiresAt);
  };
  await home.cli('ports', 'allocate', 'job', '--expires-in-seconds', '3');
  const first = await expiry();
  const child = home.spawn([programs.cli, 'run', '--port', 'PORT=job', '--', 'sleep', '5']);
  await new Promise((resolve) => child.once('close', resolve));
  expect((await expiry()) - first).toBeGreaterThan(4000);
});

test('run passes stdin, exit code and signals through', async () => {
  expect(await home.run([programs.cli, 'run', '--', 'cat'], 'through')).toMatchObject({ code: 0, stdout: 'through' });
  expect((await home.cli('run', '--', 'sh', '-c', 'exit 7')).code).toBe(7);
  expect((await home.cli('run', '--', 'sh', '-c', 'kill -9 $$')).code).toBe(137);
  expect(await home.cli('run', '--', 'no-such-command')).toMatchObject({ code: 127, stderr: expect.stringContaining('no-such-command') });
  const script = "process.on('SIGTERM', () => { console.log('told'); process.exit(9); }); console.log('up'); setInterval(() => {}, 1000)";
  const child = home.spawn([programs.cli, 'run', '--', process.execPath, '-e', script]);
  let stdout = '';
  child.stdout!.on('data', (chunk) => {
    stdout += String(chunk);
    if (stdout === 'up\n') child.kill('SIGTERM');
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(9);
  expect(stdout).toBe('up\ntold\n');
});

withTerminal('a terminal stays a terminal', () => {
  expect(home.onTerminal(['run', '--', 'test', '-t', '0', '-a', '-t', '1']).code).toBe(0);
});

test('what is missing is said before anything runs', async () => {
  await home.run([programs.cli, 'secrets', 'store', 'shop/nul/key'], 'fake-before\0fake-after');
  const nul = await home.cli('run', '--secret', 'X=shop/nul/key', '--', 'true');
  expect(nul).toMatchObject({ code: 2, stderr: expect.stringContaining('X holds a NUL') });
  expect(nul.stderr).not.toContain('fake-before');
  expect(await home.cli('run', 'true')).toMatchObject({ code: 2, stderr: expect.stringContaining('after --') });
  expect(await home.cli('run', '--port', 'web', '--', 'true')).toMatchObject({ code: 2, stderr: expect.stringContaining('PORT=web') });
  const unknown = await home.cli('run', '--secret', 'X=shop/mail/kye', '--', 'echo', 'ran');
  expect(unknown).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('shop/mail/key') });
});

test('a text is built from the ports and secrets in it', async () => {
  const path = join(home.work, '.supervisor.json');
  const before = readFileSync(path, 'utf8');
  const env = { MAIL_URL: 'smtp://app:{{secret:shop/mail/key}}@localhost:{{port:api}}/x' };
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(before) as object), env }));
  expect((await home.cli('run', '--', 'sh', '-c', 'echo "$MAIL_URL"')).stdout).toBe(
    `smtp://app:[secret:shop/mail/key]@localhost:${ports['api']}/x\n`,
  );
  expect((await home.cli('env')).stdout).toContain(`MAIL_URL='smtp://app:{{secret:shop/mail/key}}@localhost:${ports['api']}/x'\n`);
  expect((await home.cli('run', '--port', 'MAIL_URL=web', '--', 'sh', '-c', 'echo "$MAIL_URL"')).stdout).toBe(`${ports['web']}\n`);
  writeFileSync(path, JSON.stringify({ env: { X: '{{ports:api}}' } }));
  expect(await home.cli('env')).toMatchObject({ code: 1, stderr: expect.stringContaining('env: X has {{ports:api}}') });
  writeFileSync(path, before);
});

withTerminal('env prints the same, with references in place of values', async () => {
  expect((await home.cli('env')).stdout).toBe(`PORT=${ports['web']}\nAPI_PORT=${ports['api']}\nMAIL_KEY=supervisor://shop/mail/key\n`);
  expect((await home.cli('env', '--format', 'shell')).stdout).toContain(`export PORT=${ports['web']}\n`);
  expect(JSON.parse((await home.cli('env', '--json')).stdout)).toEqual({
    PORT: String(ports['web']),
    API_PORT: String(ports['api']),
    MAIL_KEY: 'supervisor://shop/mail/key',
  });
  expect(await home.cli('env', '--reveal')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('terminal') });
  const terminal = home.onTerminal(['env', '--format', 'shell', '--reveal']);
  const sourced = spawnSync('sh', ['-c', `${terminal.shown}\nprintf %s "$MAIL_KEY"`], { encoding: 'utf8' });
  expect(sourced.stdout).toBe("it's a fake");
});

test('url names the address of a service', async () => {
  expect((await home.cli('url', 'web')).stdout).toBe(`http://localhost:${ports['web']}\n`);
  expect((await home.cli('ports', 'allocate', 'db')).code).toBe(0);
  expect((await home.cli('url', 'db')).stdout).toMatch(/^localhost:\d+\n$/);
  expect(await home.cli('url', 'wbe')).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean web') });
});

test('a reader that has seen enough changes nothing for the command', () => {
  const child = 'trap "" PIPE; for i in 1 2 3 4 5; do echo line; sleep 0.2; done; exit 7';
  const piped = `set -o pipefail; "$NODE" "$CLI" run --secret X=shop/mail/key -- sh -c '${child}' | head -1`;
  const env = { ...home.env, NODE: process.execPath, CLI: programs.cli };
  const { status, stdout } = spawnSync('bash', ['-c', piped], { cwd: home.work, env, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 7, stdout: 'line\n' });
});

test('a worktree has what the main copy lists, and without a file it is said that nothing is given', async () => {
  const [copy, worktree] = [join(home.work, '../fix'), join(home.work, '.git/worktrees/fix')];
  for (const folder of [copy, worktree, join(home.work, '../bare')]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(home.work, '.git/HEAD'), '');
  writeFileSync(join(copy, '.git'), `gitdir: ${worktree}\n`);
  const print = [programs.cli, 'run', '--', 'sh', '-c', 'echo $PORT ${MAIL_KEY:+key}'];
  const { stdout, stderr } = spawnSync(process.execPath, print, { cwd: copy, env: home.env, encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^3\d\d\d key\n$/), stderr: '' });
  expect(stdout).not.toContain(String(ports['web']));
  const none = spawnSync(process.execPath, print, { cwd: join(home.work, '../bare'), env: home.env, encoding: 'utf8' });
  expect(none).toMatchObject({ status: 0, stdout: '\n', stderr: expect.stringContaining('There is no .supervisor.json here') });
  spawnSync(process.execPath, [programs.cli, 'init'], { cwd: copy, env: home.env });
  const file: unknown = JSON.parse(readFileSync(join(copy, '.supervisor.json'), 'utf8'));
  expect(file).toMatchObject(JSON.parse(readFileSync(join(home.work, '.supervisor.json'), 'utf8')) as object);
  rmSync(worktree, { recursive: true });
  expect((await home.cli('ports', 'explain', stdout.slice(0, 4))).stdout).toContain('shop/web (fix), whose worktree is gone');
});

test('a broken project file is named', async () => {
  const path = join(home.work, '.supervisor.json');
  writeFileSync(path, '{"ports": {"PORT": 3000}}');
  expect(await home.cli('env')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${path}: ports must give each variable a name`),
  });
});

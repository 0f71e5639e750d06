import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, TestHome } from './harness.js';
import { answerOnTerminal, withTerminal } from './terminal.js';

const fake = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6'}`;
let home: TestHome;
beforeAll(async () => {
  home = await TestHome.create();
  await home.start();
  writeFileSync(join(home.work, '.supervisor.json'), '{"project": "shop"}');
  writeFileSync(join(home.work, '.env'), `DEBUG=1\nGITHUB_TOKEN=${fake}\n`);
});
afterAll(() => home.remove());

const json = async (...words: string[]) => JSON.parse((await home.cli(...words, '--json')).stdout);

test('an import shows paths, never values, and stores when it is told to', async () => {
  const asked = await home.cli('secrets', 'import', '.env');
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect(asked.stdout).toMatch(
    /^shop\/github\/\w+  [0-9a-f]{8}  new  from GITHUB_TOKEN\nLeft out: DEBUG \(no secret\)\nWhat is no secret by its looks is stored too with --all\.\n$/,
  );
  expect((await json('secrets', 'list')).secrets).toEqual([]);
  const stored = await home.cli('secrets', 'import', '.env', '--yes');
  expect(stored).toMatchObject({ code: 0, stdout: expect.stringContaining('\nStored 1.\n'), stderr: '' });
  const [secret] = (await json('secrets', 'list')).secrets;
  // What it prints as the next step is one.
  const [, next] = /supervisor (run --secret \S+ --) COMMAND\n$/.exec(stored.stdout)!;
  const child = await home.cli(...next!.split(' '), process.execPath, '-e', 'process.exit(process.env.GITHUB_TOKEN.length)');
  expect(child.code).toBe(fake.length);
  expect((await json('secrets', 'retrieve', secret.path)).value).toBe(fake);
  const again = await home.cli('secrets', 'import', '.env', '--yes');
  expect(again.stdout).toMatch(/there already[^]*Stored 0; 1 had this value already\.\n$/);
  expect(stored.stdout + again.stdout).not.toContain(fake);
  // Another variable's key of the same kind is another secret.
  writeFileSync(join(home.work, 'other.env'), `A_TOKEN=${fake.replace('aB3', 'zB3')}\n`);
  expect((await home.cli('secrets', 'import', 'other.env', '--yes')).stdout).toMatch(
    /^shop\/app\/a_token {2}[0-9a-f]{8} {2}new {2}from A_TOKEN\n/,
  );
  expect((await json('secrets', 'retrieve', secret.path)).value).toBe(fake);
});

test('all or none: one that the service refuses keeps the others out', async () => {
  writeFileSync(join(home.work, 'big.json'), JSON.stringify({ shop: { good: { key: 'fake' }, bad: { key: 'x'.repeat(70_000) } } }));
  const { code, stderr } = await home.cli('secrets', 'import', 'big.json', '--yes');
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('64 KiB') });
  expect(stderr).not.toContain('xxxx');
  expect((await json('secrets', 'has', 'shop/good/key')).exists).toBe(false);
});

test('a file of more than one call takes is stored a hundred at a time, and an error says how far it came', async () => {
  const many = Array.from({ length: 102 }, (_, index) => [`many/keys/${1000 + index}`, 'fake']);
  const write = (last: string) =>
    writeFileSync(join(home.work, 'many.json'), JSON.stringify(Object.fromEntries([...many, ['many/keys/z', last]])));
  write('x'.repeat(70_000));
  const { code, stderr } = await home.cli('secrets', 'import', 'many.json', '--yes');
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/many\/keys\/z must be .*The first 100 are stored/) });
  write('fake');
  expect((await home.cli('secrets', 'import', 'many.json', '--yes')).stdout).toMatch(/Stored 3; 100 had this value already\.\n$/);
});

withTerminal('an export asks its owner, leaves out what may not be shown, and reads back', async () => {
  const values = { 'shop/files/one': 'it\'s "so" # $1\nü', 'shop/files/two': '`\\' };
  writeFileSync(join(home.work, 'in.yaml'), JSON.stringify(values));
  expect((await home.cli('secrets', 'import', 'in.yaml', '--yes')).code).toBe(0);
  await home.run([programs.cli, 'secrets', 'store', 'shop/files/hidden', '--exposure', 'use'], 'never-exported');

  const words = ['secrets', 'export', 'shop/files', '--to'];
  expect(await home.cli(...words, 'out.json')).toMatchObject({ code: 2, stderr: expect.stringContaining('terminal') });
  expect(existsSync(join(home.work, 'out.json'))).toBe(false);
  for (const file of ['out.json', 'out.yaml', 'out.env']) {
    writeFileSync(join(home.work, file), 'old', { mode: 0o644 });
    const { code, shown } = await answerOnTerminal(home, [programs.cli, ...words, file], { '[y/N]': 'y' });
    expect({ code, shown }).toEqual({ code: 0, shown: expect.stringContaining('Left out: shop/files/hidden') });
    expect(shown).not.toContain('so" #');
    expect(statSync(join(home.work, file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home.work, file), 'utf8')).not.toContain('never-exported');
    expect((await home.cli('secrets', 'import', file, '--yes')).stdout).toMatch(/Stored 0; 2 had this value already\.\n$/);
  }
  expect(JSON.parse(readFileSync(join(home.work, 'out.json'), 'utf8'))).toEqual(values);
});

test('references are no values: they need nobody, and an import leaves them out', async () => {
  expect((await home.cli('secrets', 'export', 'shop/github', '--to', 'refs.env', '--references')).code).toBe(0);
  const text = readFileSync(join(home.work, 'refs.env'), 'utf8');
  expect(text).toContain('=supervisor://shop/github/');
  expect(text).not.toContain(fake);
  expect((await home.cli('secrets', 'import', 'refs.env')).stdout).toContain('(a reference)\nThere is nothing to store.');
  expect(await home.cli('secrets', 'export', 'none/', '--to', 'x.env', '--references')).toMatchObject({ code: 2 });
});

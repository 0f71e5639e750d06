import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, TestHome } from './harness.js';

const value = 'it\'s "a $& fake"\nof two lines';
let home: TestHome;
let out: string;
beforeAll(async () => {
  home = await TestHome.create();
  out = join(home.work, 'out.yml');
  await home.start();
  await home.run([programs.cli, 'secrets', 'store', 'shop/mail/key', '--exposure', 'use'], value);
  writeFileSync(join(home.work, '.supervisor.json'), '{"project": "shop"}');
});
afterAll(() => home.remove());

const template = (text: string) => writeFileSync(join(home.work, 'in.yml'), text);

test('a template is filled to the letter, into a file that nobody else can read', async () => {
  template('port: {{port:web}}\nkey: {{ secret:shop/mail/key }}, {{secret:shop/mail/key}}\n{ {plain} }\n');
  writeFileSync(out, 'old', { mode: 0o644 });
  const rendered = await home.cli('render', 'in.yml', 'out.yml');
  expect(rendered).toMatchObject({ code: 0, stdout: '', stderr: 'out.yml: 1 secrets and 1 ports, readable by you alone.\n' });
  expect(readFileSync(out, 'utf8')).toBe(`port: 3100\nkey: ${value}, ${value}\n{ {plain} }\n`);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(await home.run([programs.cli, 'render', '-', 'new.txt'], '{{port:web}}')).toMatchObject({ code: 0 });
  expect(readFileSync(join(home.work, 'new.txt'), 'utf8')).toBe('3100');
  expect(statSync(join(home.work, 'new.txt')).mode & 0o777).toBe(0o600);
  expect(readdirSync(home.work).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('what is unknown is named with its line before anything is written', async () => {
  writeFileSync(out, 'old');
  template('a: {{port:other}}\nb: {{secret:shop/mail/key}} {{ env:HOME }}\n\nc: {{}}\n');
  const unknown = await home.cli('render', 'in.yml', 'out.yml');
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain('line 2: {{ env:HOME }}\nline 4: {{}}\n');
  template('{{port:other}} {{secret:shop/mail/kye}}');
  expect(await home.cli('render', 'in.yml', 'out.yml')).toMatchObject({ code: 1, stderr: expect.stringContaining('shop/mail/key') });
  expect(readFileSync(out, 'utf8')).toBe('old');
  expect((await home.cli('ports', 'list')).stdout).not.toContain('other');
});

test('values never go to the output', async () => {
  template('{{secret:shop/mail/key}}');
  for (const target of ['-', '/dev/stdout', '/dev/null', '.']) {
    const { code, stdout, stderr } = await home.cli('render', 'in.yml', target);
    expect({ target, code, stdout }).toEqual({ target, code: 2, stdout: '' });
    expect(stderr).toContain('never to the output');
  }
  expect(existsSync(join(home.work, '-'))).toBe(false);
});

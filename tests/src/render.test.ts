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
  writeFileSync(join(home.work, '.supervisor.json'), '{"project": "shop", "ports": {"PORT": "web"}}');
});
afterAll(() => home.remove());

const template = (text: string) => writeFileSync(join(home.work, 'in.yml'), text);

test('a template is filled to the letter, into a file that nobody else can read', async () => {
  template('port: {{port:web}}\nkey: {{ secret:shop/mail/key }}, {{secret:shop/mail/key}}\n{ {plain} } {{ .Values.name }} {{port}}\n');
  writeFileSync(out, 'old', { mode: 0o644 });
  const rendered = await home.cli('render', 'in.yml', 'out.yml');
  expect(rendered).toMatchObject({ code: 0, stdout: '', stderr: 'out.yml: 1 secret and 1 port, readable by you alone.\n' });
  expect(readFileSync(out, 'utf8')).toBe(`port: 3100\nkey: ${value}, ${value}\n{ {plain} } {{ .Values.name }} {{port}}\n`);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(await home.run([programs.cli, 'render', '-', 'new.txt'], '{{port:web}}')).toMatchObject({ code: 0 });
  expect(readFileSync(join(home.work, 'new.txt'), 'utf8')).toBe('3100');
  expect(statSync(join(home.work, 'new.txt')).mode & 0o777).toBe(0o600);
  expect(readdirSync(home.work).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('what is unknown is named with its line before anything is written', async () => {
  writeFileSync(out, 'old');
  template('a: {{port:other}}\nb: {{secret:shop/mail/key}} {{ secrets:shop/mail/key }}\n\nc: {{port web}}\n');
  const unknown = await home.cli('render', 'in.yml', 'out.yml');
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain('line 2: {{ secrets:shop/mail/key }}\nline 4: {{port web}}\n');
  template('{{port:wbe}}');
  expect(await home.cli('render', 'in.yml', 'out.yml')).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean web?') });
  template('{{port:other}} {{secret:shop/mail/kye}}');
  writeFileSync(join(home.work, '.supervisor.json'), '{"project": "shop", "ports": {"OTHER_PORT": "other"}}');
  expect(await home.cli('render', 'in.yml', 'out.yml')).toMatchObject({ code: 1, stderr: expect.stringContaining('shop/mail/key') });
  expect(readFileSync(out, 'utf8')).toBe('old');
  expect((await home.cli('ports', 'list')).stdout).not.toContain('other');
});

test('what cannot be read as text, or is not there, is said and nothing is written', async () => {
  writeFileSync(join(home.work, 'latin1.yml'), Buffer.from('caf\xe9: {{port:web}}', 'latin1'));
  for (const [source, why] of [
    ['latin1.yml', 'latin1.yml is no UTF-8 text'],
    ['nowhere.yml', 'There is no file nowhere.yml.'],
    ['.', '. is a folder'],
  ])
    expect(await home.cli('render', source!, 'none.yml')).toMatchObject({ code: 2, stderr: expect.stringContaining(why!) });
  expect(existsSync(join(home.work, 'none.yml'))).toBe(false);
  const stored = await home.run([programs.cli, 'secrets', 'store', 'shop/bin/key'], Buffer.from([0x61, 0xff, 0xfe]));
  expect(stored).toMatchObject({ code: 2, stderr: expect.stringContaining('base64') });
  expect(await home.cli('secrets', 'retrieve', 'shop/bin/key')).toMatchObject({ code: 1 });
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

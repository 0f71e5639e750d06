import { expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeAt } from '@supervisor/core';
import { parseKey } from '@supervisor/secrets';
import { keyFiles, retiredKeyFile } from '../key-files.js';
import { findKey } from './find-key.js';

const [one, two, three] = ['1', '2', '3'].map((digit) => `fa0${digit}`.repeat(16)) as [string, string, string];
const id = (text: string) => parseKey(text).fingerprint;

function homeWith(lines: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-find-key-'));
  const home = homeAt(join(folder, 'home'));
  mkdirSync(home.directory, { mode: 0o700 });
  const envFile = join(folder, '.env');
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(folder, name), text, { mode });
    return join(folder, name);
  };
  const save = (variables: Record<string, string>) => {
    const text = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(envFile, text.join(''));
  };
  save(lines);
  return { home, write, save, from: { envFile }, find: (...needed: string[]) => findKey(home, null, [{ envFile }], needed) };
}

test('a key that only reads, or lies in a file, is found as a start finds it', () => {
  const { find, from, save, write } = homeWith({ ENCRYPTION_KEY: one, ENCRYPTION_KEY_READ: `${two},${three}` });
  expect(find(id(three))).toEqual({ id: id(one), from });
  expect(find(id(two), id(one))).toEqual({ id: id(one), from });
  save({ ENCRYPTION_KEY_FILE: write('one', `${one}\n`), ENCRYPTION_KEY_READ_FILE: write('reads', `${two}\n${three}\n`) });
  expect(find(id(three), id(one))).toEqual({ id: id(one), from });
  save({ ENCRYPTION_KEY_FILE: write('open', one, 0o644) });
  expect(() => find(id(one))).toThrow(expect.objectContaining({ code: 'forbidden' }));
});

test("the home's own file and those of a rotation are looked into", () => {
  const { home, find } = homeWith({});
  const { current, previous } = keyFiles(home);
  writeFileSync(current, one, { mode: 0o600 });
  writeFileSync(previous, two, { mode: 0o600 });
  // The other one writes from then on, as at any start.
  expect(find(id(two))).toEqual({ id: id(one), from: { file: current } });
  expect(find(id(two), id(one))).toEqual({ id: id(one), from: { file: current } });
});

test('a retired key is found by its name, and one that only reads is never what a home writes with', () => {
  const { home, find, save } = homeWith({ ENCRYPTION_KEY_READ: two });
  expect(() => find(id(two))).toThrow(
    expect.objectContaining({ code: 'wrong_key', message: expect.stringContaining('to read with only'), details: { needed: [id(two)] } }),
  );
  const { current } = keyFiles(home);
  writeFileSync(current, one, { mode: 0o600 });
  const own = { id: id(one), from: { file: current } };
  expect(find(id(two))).toEqual(own);
  save({});
  writeFileSync(retiredKeyFile(home, id(three)), three, { mode: 0o600 });
  expect(find(id(three))).toEqual(own);
  expect(() => find(id(two))).toThrow(expect.objectContaining({ details: { needed: [id(two)], given: id(one) } }));
});

test('a start needs every key, so one that is missing is named', () => {
  const { find } = homeWith({ ENCRYPTION_KEY: one, ENCRYPTION_KEY_READ: 'no key at all' });
  expect(() => find(id(one), id(two))).toThrow(
    expect.objectContaining({ code: 'wrong_key', details: { needed: [id(two)], given: id(one) } }),
  );
});

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeAt, type Home } from '@supervisor/core';
import { createInstance, writeInstance } from '@supervisor/db';
import { parseKey } from '@supervisor/secrets';
import { decide, type Settings } from './decide.js';
import { generateKey, generateNextKey, keyFiles, promoteNextKey } from './key-files.js';

const key = '0123456789abcdef'.repeat(4);
const otherKey = 'fedcba9876543210'.repeat(4);
const names = [
  'DATABASE_URL',
  'DB_HOST',
  'DB_PASSWORD_FILE',
  'ENCRYPTION_KEY',
  'ENCRYPTION_KEY_FILE',
  'ENCRYPTION_KEY_READ',
  'SUPERVISOR_PORT',
  'SUPERVISOR_HOST',
  'SUPERVISOR_PUBLIC_URL',
];

let home: Home;
let checkout: string;
let settings: Settings;
let before: (string | undefined)[];
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-decide-'));
  home = homeAt(join(folder, 'home'));
  checkout = join(folder, 'checkout');
  mkdirSync(checkout);
  settings = { home, checkout, useEnvironment: true };
  before = names.map((name) => process.env[name]);
  for (const name of names) delete process.env[name];
});
afterEach(() => {
  names.forEach((name, index) => (before[index] === undefined ? delete process.env[name] : (process.env[name] = before[index])));
});

const writeEnv = (text: string) => writeFileSync(join(checkout, '.env'), text);

/** Records a decision as a start would. */
function record(): void {
  const { recordDatabase, key: found, address } = decide(settings);
  const { text, from } = found ?? generateKey(home);
  createInstance(home, { database: recordDatabase, key: { id: parseKey(text).fingerprint, from }, ...address });
}

test('with nothing set: embedded, a key to be made, the usual port', () => {
  expect(decide(settings)).toMatchObject({
    instance: null,
    database: { kind: 'embedded', directory: home.data },
    key: null,
    address: { host: '127.0.0.1', port: 3099, publicUrl: undefined },
  });
});

test('the environment comes before the checkout’s .env', () => {
  writeEnv(`DB_HOST=from-file\nENCRYPTION_KEY=${otherKey}`);
  expect(decide(settings)).toMatchObject({
    database: { host: 'from-file' },
    key: { text: otherKey, from: { envFile: join(checkout, '.env') } },
  });
  process.env['DATABASE_URL'] = 'postgresql://u@from-environment/x';
  process.env['ENCRYPTION_KEY'] = key;
  expect(decide(settings)).toMatchObject({ database: { host: 'from-environment' }, key: { text: key, from: { environment: true } } });
  expect(decide({ ...settings, useEnvironment: false })).toMatchObject({ database: { host: 'from-file' }, key: { text: otherKey } });
});

test('a secret may be in a file of its own, as a container is given it', () => {
  const file = join(checkout, 'password');
  writeFileSync(file, 'fake-password\n');
  writeFileSync(join(checkout, 'key'), `${key}\n`, { mode: 0o600 });
  process.env['DB_HOST'] = 'database';
  process.env['DB_PASSWORD_FILE'] = file;
  process.env['ENCRYPTION_KEY_FILE'] = join(checkout, 'key');
  expect(decide(settings)).toMatchObject({ database: { password: 'fake-password' }, key: { text: key, from: { environment: true } } });
  process.env['DB_PASSWORD_FILE'] = join(checkout, 'none');
  expect(() => decide(settings)).toThrow(/^DB_PASSWORD_FILE names .*none, which cannot be read \(ENOENT\)\.[^\n]*$/);
});

test('every problem is named in one message', () => {
  process.env['DATABASE_URL'] = 'mysql://x';
  process.env['ENCRYPTION_KEY'] = 'short';
  process.env['SUPERVISOR_PORT'] = 'x';
  process.env['SUPERVISOR_HOST'] = '0.0.0.0';
  expect(() => decide(settings)).toThrow(/postgresql:\/\/[^]*32 bytes[^]*SUPERVISOR_PORT[^]*SUPERVISOR_PUBLIC_URL/);
});

test('a key of the wrong form is refused with the one that is needed', () => {
  record();
  process.env['ENCRYPTION_KEY'] = 'short';
  expect(() => decide(settings)).toThrow(/32 bytes[^]*The key with fingerprint [0-9a-f]{16} is needed/);
});

test('later settings that name another database or key stop the start and name both', () => {
  record();
  process.env['DATABASE_URL'] = 'postgresql://u@elsewhere/x';
  expect(() => decide(settings)).toThrow(/embedded in [^]*elsewhere:5432\/x[^]*--reconfigure/);
  delete process.env['DATABASE_URL'];
  process.env['ENCRYPTION_KEY'] = otherKey;
  expect(() => decide(settings)).toThrow(new RegExp(parseKey(otherKey).fingerprint));
  expect(decide({ ...settings, useEnvironment: false })).toMatchObject({ database: { kind: 'embedded' } });
  expect(decide({ ...settings, reconfigure: true })).toMatchObject({ key: { text: otherKey } });
});

test('a home on PostgreSQL obeys what was recorded', () => {
  writeEnv(`DATABASE_URL=postgresql://u@db/x\nENCRYPTION_KEY=${key}`);
  record();
  // As a pipe starts it, inside a project with variables of its own.
  process.env['DATABASE_URL'] = 'postgresql://u@foreign/x';
  expect(decide({ ...settings, useEnvironment: false })).toMatchObject({ database: { host: 'db' }, key: { text: key } });
  expect(() => decide(settings)).toThrow(/db:5432\/x[^]*foreign:5432\/x/);
  delete process.env['DATABASE_URL'];
  writeEnv('');
  expect(() => decide({ ...settings, useEnvironment: false })).toThrow(/db:5432\/x[^]*fingerprint/);
  process.env['ENCRYPTION_KEY'] = key;
  expect(() => decide({ ...settings, reconfigure: true })).toThrow(/db:5432\/x, and no setting names a database/);
});

test('the recorded port stays until another is asked for', () => {
  process.env['SUPERVISOR_PORT'] = '4000';
  record();
  delete process.env['SUPERVISOR_PORT'];
  expect(decide(settings).address.port).toBe(4000);
  process.env['SUPERVISOR_PORT'] = '4001';
  expect(decide(settings).address.port).toBe(4001);
});

test('so do the host and the public URL', () => {
  process.env['SUPERVISOR_HOST'] = '0.0.0.0';
  process.env['SUPERVISOR_PUBLIC_URL'] = 'https://team.example/';
  record();
  delete process.env['SUPERVISOR_HOST'];
  delete process.env['SUPERVISOR_PUBLIC_URL'];
  const reach = { host: '0.0.0.0', publicUrl: 'https://team.example' };
  expect(decide(settings).address).toMatchObject(reach);
  expect(decide({ ...settings, useEnvironment: false }).address).toMatchObject(reach);
  process.env['SUPERVISOR_HOST'] = '127.0.0.1';
  expect(decide(settings).address.host).toBe('127.0.0.1');
  delete process.env['SUPERVISOR_HOST'];
  expect(decide({ ...settings, reconfigure: true }).address).toEqual({ host: '127.0.0.1', port: 3099, publicUrl: undefined });
});

test('a start that ignores the environment takes the port from it, when it makes the home and not later', () => {
  settings.useEnvironment = false;
  process.env['SUPERVISOR_PORT'] = '4567';
  process.env['DATABASE_URL'] = 'postgresql://u@db/x';
  record();
  expect(decide(settings)).toMatchObject({ database: { kind: 'embedded' }, address: { port: 4567 } });
  process.env['SUPERVISOR_PORT'] = '4568';
  expect(decide(settings).address.port).toBe(4567);
});

test('a home made by a script alone gets its key from the first service', () => {
  const instance = createInstance(home, { database: { kind: 'embedded' } });
  expect(decide(settings)).toMatchObject({ instance, key: null });
  writeInstance(home, { ...instance, key: { id: parseKey(key).fingerprint, from: { file: home.encryptionKey } } });
  expect(() => decide(settings)).toThrow(/Put it back/);
});

test('a key that was in the environment may be put into the home', () => {
  process.env['ENCRYPTION_KEY'] = key;
  record();
  delete process.env['ENCRYPTION_KEY'];
  expect(() => decide(settings)).toThrow(`Put it back: into ${home.encryptionKey}`);
  writeFileSync(home.encryptionKey, otherKey, { mode: 0o600 });
  expect(() => decide(settings)).toThrow(/is not there now/);
  writeFileSync(home.encryptionKey, key);
  expect(decide(settings).key).toEqual({ text: key, from: { file: home.encryptionKey } });
});

test('another key is obeyed when the recorded one can still be read', () => {
  process.env['DATABASE_URL'] = 'postgresql://u@db/x';
  process.env['ENCRYPTION_KEY'] = key;
  record();
  process.env['ENCRYPTION_KEY'] = otherKey;
  expect(() => decide(settings)).toThrow(/give the old one as ENCRYPTION_KEY_READ/);
  process.env['ENCRYPTION_KEY_READ'] = `${'12'.repeat(31)}34, ${key}`;
  expect(decide(settings)).toMatchObject({ key: { text: otherKey }, readKeys: [`${'12'.repeat(31)}34`, key] });
});

test('a key in a file is read when nobody else may read it', () => {
  const path = join(checkout, 'key');
  writeFileSync(path, `${key}\n`, { mode: 0o600 });
  process.env['ENCRYPTION_KEY_FILE'] = path;
  expect(decide(settings)).toMatchObject({ key: { text: key, from: { environment: true } } });
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(path, mode);
    expect(() => decide(settings)).toThrow(/chmod 600/);
  }
  chmodSync(path, 0o400);
  process.env['ENCRYPTION_KEY'] = key;
  expect(() => decide(settings)).toThrow(/Both ENCRYPTION_KEY and ENCRYPTION_KEY_FILE/);
  delete process.env['ENCRYPTION_KEY'];
  process.env['ENCRYPTION_KEY_FILE'] = join(checkout, 'none');
  expect(() => decide(settings)).toThrow(/cannot be read \(ENOENT\)/);
});

test('the files of a rotation are read at every step, also when it crashed before it was recorded', () => {
  record();
  const before = readFileSync(home.encryptionKey, 'utf8').trim();
  generateNextKey(home);
  const next = readFileSync(keyFiles(home).next, 'utf8').trim();
  expect(generateNextKey(home)).toBe(parseKey(next).fingerprint);
  expect(decide(settings)).toMatchObject({ key: { text: before }, readKeys: [next] });
  promoteNextKey(home);
  expect(decide(settings)).toMatchObject({ key: { text: next, from: { file: home.encryptionKey } }, readKeys: [before] });
});

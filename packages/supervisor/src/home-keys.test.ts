import { expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agent, homeAt, owner, type Context } from '@supervisor/core';
import { readInstance } from '@supervisor/db';
import { readBackupHeader } from '@supervisor/db/backup';
import { openSupervisor } from './compose.js';
import { keyFiles, promoteNextKey } from './key-files.js';

const as = (principal = owner): Context => ({ principal, signal: new AbortController().signal, progress: () => {} });
const rethrow = (_id: string, operation: string, error: unknown) => {
  throw new Error(`${operation} failed`, { cause: error });
};

test('a person changes the key of a home in three commands, and its token and trail outlive it', async () => {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'supervisor-keys-')));
  const files = keyFiles(home);
  const open = () => openSupervisor({ home, useEnvironment: false }, rethrow);
  let supervisor = await open();
  const call = (name: string, input: object = {}, principal = owner) => supervisor.call(name, input, as(principal));
  const before = supervisor.keyId;
  expect((await call('list_keys'))['holders']).toMatchObject([{ holder: supervisor.instance.id }]);
  await call('store_secret', { path: 'shop/a/key', value: 'canary' });
  await expect(call('rotate_keys')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('keys new') });
  await expect(call('create_key', {}, agent())).rejects.toMatchObject({ code: 'forbidden' });

  const made = await call('create_key');
  expect(made).toMatchObject({ file: files.next, id: expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(statSync(files.next).mode & 0o777).toBe(0o600);
  expect(await call('create_key')).toEqual(made);
  expect(await call('rotate_keys')).toMatchObject({ key: made['id'], damaged: 0 });
  expect(existsSync(files.next)).toBe(false);
  expect(readInstance(home)?.key).toEqual({ id: made['id'], from: { file: home.encryptionKey } });
  expect(await call('retrieve_secret', { path: 'shop/a/key' })).toMatchObject({ value: 'canary' });
  expect(await call('retire_key', { id: before })).toMatchObject({ state: 'retired' });
  expect(existsSync(files.previous)).toBe(false);
  const { file } = await call('create_backup');
  expect((await readBackupHeader(file as string)).keys).toEqual([made['id']]);
  const token = readFileSync(home.token, 'utf8').trim();
  await supervisor.close();

  supervisor = await open();
  expect(supervisor.keyId).toBe(made['id']);
  expect(await supervisor.verifyToken(token)).toMatchObject({ kind: 'token', grants: [{ paths: '**' }] });
  expect(await call('retrieve_secret', { path: 'shop/a/key' })).toMatchObject({ value: 'canary' });
  expect(await call('verify_audit')).toMatchObject({ ok: true });
  const { events } = (await call('list_audit', { subject: 'shop/a/key' })) as { events: { operation: string; version: number }[] };
  expect(events.map(({ operation, version }) => [operation, version])).toEqual([
    ['retrieve_secret', 1],
    ['retrieve_secret', 1],
    ['store_secret', 1],
  ]);

  // As after a crash between the files and the rest: the start reads both, and rotating again ends it.
  const second = await call('create_key');
  await supervisor.close();
  supervisor = await open();
  await supervisor.close();
  expect(readInstance(home)?.key?.id).toBe(made['id']);
  promoteNextKey(home);
  supervisor = await open();
  expect(supervisor.keyId).toBe(second['id']);
  expect(await call('retrieve_secret', { path: 'shop/a/key' })).toMatchObject({ value: 'canary' });
  expect(await call('rotate_keys')).toMatchObject({ key: second['id'] });
  // The backup above was sealed under it.
  await call('retire_key', { id: made['id'] });
  expect(statSync(`${home.encryptionKey}.retired-${made['id'] as string}`).mode & 0o777).toBe(0o600);
  await supervisor.close();
});

test('with the key in the environment, each rotation goes to another key', async () => {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'supervisor-keys-')));
  const { next } = keyFiles(home);
  const names = ['ENCRYPTION_KEY', 'ENCRYPTION_KEY_FILE', 'ENCRYPTION_KEY_READ'] as const;
  const before = names.map((name) => process.env[name]);
  const set = (variables: Partial<Record<(typeof names)[number], string>>) => {
    for (const name of names) delete process.env[name];
    Object.assign(process.env, variables);
  };
  const open = () => openSupervisor({ home, useEnvironment: true }, rethrow);
  const first = 'fa01'.repeat(16);
  set({ ENCRYPTION_KEY: first });
  let supervisor = await open();
  const call = (name: string, input: object = {}) => supervisor.call(name, input, as());
  try {
    const made = await call('create_key');
    const second = readFileSync(next, 'utf8').trim();
    await supervisor.close();
    set({ ENCRYPTION_KEY: second, ENCRYPTION_KEY_READ: first });
    supervisor = await open();
    expect(await call('rotate_keys')).toMatchObject({ key: made['id'] });
    const other = await call('create_key');
    expect(other['id']).not.toBe(made['id']);
    expect(await call('create_key')).toEqual(other);

    // The file itself may be what a person gave: then it holds the only copy of the key.
    const third = readFileSync(next, 'utf8').trim();
    await supervisor.close();
    set({ ENCRYPTION_KEY_FILE: next, ENCRYPTION_KEY_READ: second });
    supervisor = await open();
    expect(await call('rotate_keys')).toMatchObject({ key: other['id'] });
    await expect(call('create_key')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('Move the file') });
    expect(readFileSync(next, 'utf8').trim()).toBe(third);
  } finally {
    await supervisor.close();
    names.forEach((name, index) => (before[index] === undefined ? delete process.env[name] : (process.env[name] = before[index])));
  }
});

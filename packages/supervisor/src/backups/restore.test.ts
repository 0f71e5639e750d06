import { expect, test } from '@jest/globals';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeAt, owner, type Context } from '@supervisor/core';
import { openSupervisor } from '../compose.js';
import { retiredKeyFile } from '../key-files.js';
import { checkKeys, planRestore } from './restore.js';

const context: Context = { principal: owner, signal: new AbortController().signal, progress: () => {} };

test('a backup from before a rotation goes back into its home, which starts with the key of now', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-restore-'));
  const home = homeAt(join(folder, 'home'));
  const open = () => openSupervisor({ home, useEnvironment: false }, () => {});
  let supervisor = await open();
  const call = (name: string, input: object = {}) => supervisor.call(name, input, context);
  const before = supervisor.keyId;
  await call('store_secret', { path: 'shop/a/key', value: 'canary' });
  const { file } = (await call('create_backup')) as { file: string };
  const { id: after } = await call('create_key');
  await call('rotate_keys');
  expect(await call('retire_key', { id: before })).toMatchObject({ state: 'retired', file: retiredKeyFile(home, before) });
  await supervisor.close();

  expect((await checkKeys(home, folder, file)).keys).toEqual([{ id: before, here: true }]);
  const plan = await planRestore({ home, checkout: folder, file, askPassword: () => Promise.reject(new Error('asked')) });
  expect(await plan.run()).toMatchObject({ todo: [expect.stringContaining('keys rotate')] });
  // Twice: a start must leave a home that starts.
  for (let start = 1; start <= 2; start++) {
    supervisor = await open();
    expect(supervisor.keyId).toBe(after);
    expect(await call('retrieve_secret', { path: 'shop/a/key' })).toMatchObject({ value: 'canary' });
    if (start === 1) await supervisor.close();
  }
  expect(await call('rotate_keys')).toMatchObject({ key: after, damaged: 0 });
  expect(await call('retire_key', { id: before })).toMatchObject({ versions: 0, file: retiredKeyFile(home, before) });
  await supervisor.close();
  supervisor = await open();
  expect((await call('list_keys'))['keys']).toMatchObject([
    { id: before, reads: false },
    { id: after, writes: true },
  ]);
  expect(await call('retrieve_secret', { path: 'shop/a/key' })).toMatchObject({ value: 'canary' });
  await supervisor.close();
  expect(existsSync(retiredKeyFile(home, before))).toBe(true);
});

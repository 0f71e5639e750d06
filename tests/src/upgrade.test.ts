import { expect, test } from '@jest/globals';
import { chmodSync, cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeAt, owner, type Context } from '@supervisor/core';
import { openSupervisor } from '@supervisor/supervisor';
import { planRestore } from '@supervisor/supervisor/restore';
import { root } from './harness.js';

// What a home of the first build held: its files, and its tables as a backup made by that build. The data directory itself would be
// a megabyte and a half for what 3 KB say; its format is that of the pinned PGlite, and another one is reached by this very way.
const fixture = join(root, 'tests/fixtures/home-0.1');

test('a home of the first build opens in this one, and everything is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-upgrade-'));
  const home = homeAt(join(folder, 'home'));
  cpSync(fixture, home.directory, { recursive: true });
  // A checkout keeps no such mode.
  chmodSync(home.encryptionKey, 0o600);
  const askPassword = () => Promise.reject(new Error('This needs no password.'));
  const plan = await planRestore({ home, checkout: folder, file: join(fixture, 'backup.jsonl.gz'), to: 'embedded', askPassword });
  await plan.run();
  const errors: unknown[] = [];
  const supervisor = await openSupervisor({ home, useEnvironment: false }, (_id, _operation, error) => errors.push(error));
  const context: Context = { principal: owner, signal: new AbortController().signal, progress: () => {} };
  const call = (operation: string, input: object = {}) => supervisor.call(operation, input, context);
  try {
    expect(supervisor.instance).toMatchObject({ id: '34e8649e-b8d0-4b82-83f8-31ff3623531f', database: { kind: 'embedded' } });
    expect(await call('get_status')).toMatchObject({ keyId: '90562dcc3e804593', secrets: 2, ports: 3, tasks: 2, runningTasks: 1 });
    expect(await call('retrieve_secret', { path: 'shop/stripe/key' })).toMatchObject({ value: 'fake-two', version: 2 });
    expect(await call('retrieve_secret', { path: 'meta/anthropic/api_key' })).toMatchObject({ value: 'fake-three' });
    expect(await call('get_port', { project: 'shop', service: 'api' })).toMatchObject({ port: 3101 });
    expect(await call('get_port', { project: 'blog', service: 'web' })).toMatchObject({ port: 3200 });
    expect(await call('get_task', { project: 'blog', id: 'two' })).toMatchObject({ status: 'running', description: 'a running task' });
    // Tokens made then still open doors, and only theirs.
    expect(await supervisor.verifyToken(readFileSync(join(fixture, 'token'), 'utf8').trim())).toMatchObject({
      kind: 'token',
      boundTo: null,
    });
    expect(await call('list_tokens')).toMatchObject({
      tokens: expect.arrayContaining([expect.objectContaining({ name: 'ci', project: 'shop' })]),
    });
    // Numbers go on where they were.
    expect(await call('allocate_port', { project: 'shop', service: 'new' })).toMatchObject({ port: 3102 });
    expect(errors).toEqual([]);
  } finally {
    await supervisor.close();
  }
}, 180_000);

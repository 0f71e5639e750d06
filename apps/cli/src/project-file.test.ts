import { expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maySet, readProjectFile, withFound } from './project-file.js';

const reading = (content: object) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'project-file-')), 'shop');
  mkdirSync(join(folder, '.git'), { recursive: true });
  writeFileSync(join(folder, '.supervisor.json'), JSON.stringify(content));
  return () => readProjectFile(folder);
};

test('a text takes secrets of its own project only', () => {
  const env = (path: string) => ({ URL: `http://x:{{ secret:${path} }}@localhost` });
  for (const path of ['bank/api/key', 'shop-2/api/key', 'shop'])
    for (const named of [{ project: 'shop' }, {}])
      expect(reading({ ...named, env: env(path) })).toThrow(`env: URL has {{secret:${path}}}, and may have secrets of shop only`);
  expect(reading({ project: 'bank', env: env('shop/api/key') })).toThrow('of bank only');
  expect(reading({ env: env('shop/api/key') })()).toMatchObject({ env: env('shop/api/key') });
  // A value of its own goes to what knows the variable.
  expect(reading({ secrets: { KEY: 'bank/api/key' } })()).toMatchObject({ secrets: { KEY: 'bank/api/key' } });
});

test.each(['PATH', 'LD_PRELOAD', 'DYLD_INSERT_LIBRARIES', 'NODE_OPTIONS', 'HTTPS_PROXY', 'all_proxy'])('%s is refused', (name) => {
  for (const field of ['ports', 'secrets', 'env'])
    expect(reading({ [field]: { [name]: 'shop/x/y' } })).toThrow(`${field} may not set ${name}`);
});

test.each(['my-key', 'spring.password', '1ST', ''])('%j is no variable', (name) => {
  expect(maySet(name)).toBe(false);
});

test('a name that only looks like one is not refused', () => {
  const ports = { MY_PATH: 'a', PROXY_PORT: 'b', OLD_KEY: 'c', LD_SDK_KEY: 'd', VITE_API_PROXY: 'e' };
  expect(reading({ ports })()).toMatchObject({ ports });
});

test('a variable that is found again is in one map only', () => {
  const file = { ports: {}, secrets: { A: 'shop/a', KEPT: 'shop/kept' }, env: { B: 'b', TEXT: 'text' } };
  expect(withFound(file, { secrets: { B: 'shop/b' }, env: { A: 'a' } })).toEqual({
    secrets: { KEPT: 'shop/kept', B: 'shop/b' },
    env: { TEXT: 'text', A: 'a' },
  });
});

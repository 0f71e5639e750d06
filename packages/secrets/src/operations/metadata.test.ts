import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { bind, owner, type Principal } from '@supervisor/core';
import { openInMemory, type Database } from '@supervisor/db';

import { secretOperations } from '../operations.js';
import { SecretsManager } from '../secrets-manager.js';

let database: Database;
let call: ReturnType<typeof bind>['call'];
let list: jest.SpiedFunction<SecretsManager['list']>;
beforeAll(async () => {
  database = await openInMemory();
  const secrets = new SecretsManager('0123456789abcdef'.repeat(4), { db: database });
  const module = { name: 'secrets', migrations: new URL('file:///none'), operations: secretOperations };
  const audit = { intent: async () => '', outcome: async () => {}, record: async () => {} };
  list = jest.spyOn(secrets, 'list');
  ({ call } = bind([module], { secrets }, { audit, logError: () => {} }));
  await secrets.storeBulk(['a/x', 'm/hidden', 'n/x', 'n/y', 'z/hidden'].map((path) => ({ path: `shop/${path}`, value: 'fake' })));
});
afterAll(() => database.close());

async function pages(principal: Principal, limit: number): Promise<{ paths: string[]; nextCursor: string | undefined }[]> {
  const found = [];
  let cursor: string | undefined;
  do {
    const context = { principal, signal: new AbortController().signal, progress: () => {} };
    const { secrets, nextCursor } = (await call('list_secrets', { limit, cursor }, context)) as {
      secrets: { path: string }[];
      nextCursor?: string;
    };
    found.push({ paths: secrets.map(({ path }) => path), nextCursor });
    cursor = nextCursor;
  } while (cursor !== undefined);
  return found;
}

test('pages hold what the caller may reach, and tell of nothing else', async () => {
  const token: Principal = {
    ...owner,
    kind: 'token',
    scopes: ['read'],
    grants: [
      { paths: 'shop/a/*', actions: ['read'] },
      { paths: 'shop/n/*', actions: ['read'] },
    ],
  };
  expect(await pages(token, 2)).toEqual([
    { paths: ['shop/a/x', 'shop/n/x'], nextCursor: 'shop/n/x' },
    { paths: ['shop/n/y'], nextCursor: undefined },
  ]);
  list.mockClear();
  expect(await pages({ ...token, grants: [] }, 1)).toEqual([{ paths: [], nextCursor: undefined }]);
  // What is hidden costs no query each.
  expect(list).toHaveBeenCalledTimes(1);
  expect((await pages(owner, 5)).map(({ paths }) => paths.length)).toEqual([5]);
});

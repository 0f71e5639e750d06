import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql } from 'drizzle-orm';
import { tokenOperations } from './operations.js';
import { parseToken } from './token.js';
import { TokenRegistry } from './token-registry.js';

const pepper = async () => Buffer.alloc(32, 7);

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let tokens: TokenRegistry;
  beforeAll(async () => {
    database = await open();
    tokens = new TokenRegistry({ db: database, pepper });
  });
  afterAll(() => database.close());

  test('a token stands for its scopes and project, and only its hash is stored', async () => {
    const { token, id } = await tokens.create('ci', { project: 'shop', scopes: ['read'] });
    expect(token).toMatch(/^sup_[0-9a-f]{12}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}$/);
    expect(await tokens.verify(token)).toEqual({
      id,
      kind: 'token',
      scopes: ['read'],
      boundTo: 'shop',
      grants: [{ paths: 'shop/**', actions: ['read'] }],
    });
    expect(await tokens.list()).toMatchObject([{ id, name: 'ci', project: 'shop', revokedAt: null }]);
    const [row] = await rows<{ text: string }>(database.orm, sql`select t::text as text from supervisor.tokens t`);
    expect(row!.text).not.toContain(parseToken(token)!.secret);
  });

  test('what a token may reach is said by its grants alone', async () => {
    const { token, id, grants } = await tokens.create('narrow', { paths: ['shop/stripe/*', 'meta/*/key'], scopes: ['read', 'use'] });
    expect(grants).toEqual([
      { paths: 'shop/stripe/*', actions: ['read', 'use'] },
      { paths: 'meta/*/key', actions: ['read', 'use'] },
    ]);
    expect((await tokens.verify((await tokens.create('all')).token)).grants).toEqual([{ paths: '**', actions: ['read', 'use', 'write'] }]);
    await tokens.verify(token);
    await tokens.grant(id, 'meta/*/key', []);
    await tokens.grant(id, 'shop/stripe/*', ['read']);
    expect((await tokens.verify(token)).grants).toEqual([{ paths: 'shop/stripe/*', actions: ['read'] }]);
    await expect(tokens.grant('000000000000', '**', ['use'])).rejects.toMatchObject({ code: 'not_found' });
    expect((await tokens.verify((await tokens.create('none', { paths: [] })).token)).grants).toEqual([]);
  });

  test('a grant that could not take effect is refused', async () => {
    const { id } = await tokens.create('reader', { scopes: ['read'] });
    await expect(tokens.grant(id, 'meta/**', ['read', 'write'])).rejects.toMatchObject({
      code: 'conflict',
      message: 'The token reader has the scopes read, which no grant widens to write. Make another one: supervisor tokens create.',
    });
    await tokens.revoke(id);
    await expect(tokens.grant(id, 'meta/**', ['read'])).rejects.toMatchObject({ message: expect.stringContaining('is revoked') });
    expect(await tokens.grant(id, 'shop/**', [])).toMatchObject({ id });
    const { input } = tokenOperations.find(({ name }) => name === 'create_token')!;
    const takes = (path: string) => input.safeParse({ name: 'ci', paths: [path] }).success;
    expect(['shop/**', '**', 'shop/*/key', 'shop', '*'].filter(takes)).toEqual(['shop/**', '**', 'shop/*/key']);
  });

  test('a token of no such scope, or of no such project, is not made', async () => {
    for (const options of [{ scopes: ['admin'] as never }, { project: 'My Shop!' }])
      await expect(tokens.create('odd', options)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('anything else is refused', async () => {
    const { token, id } = await tokens.create('service');
    const forged = token.replace(/.(?=_[0-9a-f]{8}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
    for (const text of ['', 'x', `${token}x`, forged, token.toUpperCase()]) {
      await expect(tokens.verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    await expect(new TokenRegistry({ db: database, pepper: async () => Buffer.alloc(32, 8) }).verify(token)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(await tokens.verify(token)).toMatchObject({ scopes: ['read', 'use', 'write'], boundTo: null });
    await tokens.revoke(id);
    await tokens.revoke(id);
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(tokens.revoke('000000000000')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('an expired token is refused', async () => {
    const { token } = await tokens.create('short', { expiresInDays: 1e-9 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

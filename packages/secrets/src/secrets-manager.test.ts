import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql } from 'drizzle-orm';
import { SecretsManager } from './secrets-manager.js';

const key = '0123456789abcdef'.repeat(4);
const otherKey = 'fedcba9876543210'.repeat(4);

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let secrets: SecretsManager;
  beforeAll(async () => {
    database = await open();
    secrets = new SecretsManager(key, { db: database });
  });
  afterAll(() => database.close());

  test('a value comes back as it was stored, and an equal one makes no new version', async () => {
    const value = 'sk-fake-ü-\u0000-end';
    expect(await secrets.store('shop/stripe/key', value, { provider: 'stripe', type: 'api_key' })).toEqual({
      path: 'shop/stripe/key',
      version: 1,
      created: true,
      changed: true,
    });
    expect(await secrets.retrieve('shop/stripe/key')).toBe(value);
    expect(await secrets.store('shop/stripe/key', value)).toEqual({ path: 'shop/stripe/key', version: 1, created: false, changed: false });
    expect(await secrets.store('shop/stripe/key', 'sk-fake-2', { description: 'second' })).toMatchObject({ version: 2, changed: true });
    expect(await secrets.retrieve('shop/stripe/key')).toBe('sk-fake-2');
    expect((await secrets.list({ prefix: 'shop/' })).secrets).toMatchObject([
      { provider: 'stripe', type: 'api_key', description: 'second', version: 2 },
    ]);
  });

  test('no value stands in the database', async () => {
    await secrets.store('shop/plain/canary', 'canary-7d1f', { description: 'It is canary-7d1f.' });
    expect((await secrets.list({ prefix: 'shop/plain/' })).secrets).toMatchObject([{ description: 'It is [secret:shop/plain/canary].' }]);
    const dumped = await rows<{ text: string }>(
      database.orm,
      sql`select s::text || v::text as text from supervisor.secrets s join supervisor.secret_versions v on v.secret_id = s.id`,
    );
    const all = dumped.map(({ text }) => text).join('\n');
    expect(all).toContain('shop/plain/canary');
    expect(all).not.toContain('canary-7d1f');
    expect(all).not.toContain(Buffer.from('canary-7d1f').toString('hex'));
  });

  test('rows cannot be exchanged', async () => {
    await secrets.storeBulk([
      { path: 'swap/a/key', value: 'one' },
      { path: 'swap/b/key', value: 'two' },
    ]);
    await database.orm.execute(sql`update supervisor.secret_versions v set envelope = w.envelope
      from supervisor.secret_versions w, supervisor.secrets s, supervisor.secrets t
      where s.path = 'swap/a/key' and t.path = 'swap/b/key' and v.secret_id = s.id and w.secret_id = t.id`);
    await expect(secrets.retrieve('swap/a/key')).rejects.toMatchObject({ details: { reason: 'tampered' } });
    expect(await secrets.retrieve('swap/b/key')).toBe('two');
    await secrets.store('swap/a/key', 'mended');
    expect(await secrets.retrieve('swap/a/key')).toBe('mended');
  });

  test('a bulk is stored whole or not at all', async () => {
    await expect(
      secrets.storeBulk([
        { path: 'bulk/a/key', value: 'x' },
        { path: 'bulk', value: 'x' },
      ]),
    ).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await secrets.exists('bulk/a/key')).toBe(false);
    const stored = await secrets.storeBulk([
      { path: 'bulk/b/key', value: 'x' },
      { path: 'bulk/a/key', value: 'y' },
    ]);
    expect(stored.map(({ path }) => path)).toEqual(['bulk/b/key', 'bulk/a/key']);
  });

  test('a missing secret names the near ones, deletion is for good and repeatable', async () => {
    await expect(secrets.retrieve('shop/stripe/kez')).rejects.toMatchObject({ code: 'not_found', details: { near: ['shop/stripe/key'] } });
    expect(await secrets.exists('shop/stripe/key')).toBe(true);
    expect(await secrets.delete('shop/stripe/key')).toEqual({ deleted: true });
    expect(await secrets.delete('shop/stripe/key')).toEqual({ deleted: false });
    await expect(secrets.updateMetadata('shop/stripe/key', { type: 'x' })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('paths and values are checked', async () => {
    for (const path of [
      '',
      'x',
      'Shop/a',
      '../a/b',
      'shop//a',
      'shop/.a',
      'shop/a b',
      `shop/${'a'.repeat(200)}`,
      '_supervisor/token-pepper',
    ]) {
      await expect(secrets.store(path, 'x')).rejects.toMatchObject({ code: 'invalid_input' });
    }
    for (const value of ['', 'x'.repeat(65_537), '\ud800'])
      await expect(secrets.store('shop/a/b', value)).rejects.toMatchObject({ code: 'invalid_input' });
    await secrets.store('shop/a/largest', 'é'.repeat(32_768));
  });

  test('Supervisor’s own keys are made once and never shown', async () => {
    const [one, two] = await Promise.all([secrets.internalKey('pepper'), secrets.internalKey('pepper')]);
    expect(one).toHaveLength(32);
    expect(two.equals(one)).toBe(true);
    expect((await secrets.internalKey('other')).equals(one)).toBe(false);
    expect((await secrets.list({ limit: 500 })).secrets.filter(({ path }) => path.startsWith('_'))).toEqual([]);
    expect(await secrets.countByProject('_supervisor')).toEqual([]);
  });

  test('many writers of one path leave gapless versions', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => secrets.store('race/a/key', `value ${index}`)));
    expect(results.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
  });

  test('pages follow one another in the order of paths', async () => {
    const first = await secrets.list({ limit: 2 });
    const second = await secrets.list({ limit: 500, cursor: first.nextCursor });
    const all = await secrets.list({ limit: 500 });
    expect([...first.secrets, ...second.secrets]).toEqual(all.secrets);
    expect((await secrets.list({ project: 'bulk' })).secrets).toHaveLength(2);
  });

  test('the first key is the database’s key', async () => {
    const wrong = new SecretsManager(otherKey, { db: database });
    await expect(wrong.store('shop/a/b', 'x')).rejects.toMatchObject({ code: 'wrong_key', details: { needed: [secrets.keyId] } });
    await expect(wrong.retrieve('shop/a/largest')).rejects.toMatchObject({
      code: 'wrong_key',
      message: expect.stringContaining(secrets.keyId),
    });
  });
});

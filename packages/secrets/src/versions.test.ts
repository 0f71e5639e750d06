import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql } from 'drizzle-orm';
import { SecretsManager } from './secrets-manager.js';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let secrets: SecretsManager;
  beforeAll(async () => {
    database = await open();
    secrets = new SecretsManager('0123456789abcdef'.repeat(4), { db: database });
  });
  afterAll(() => database.close());

  const storeAll = async (path: string, ...values: string[]) => {
    for (const value of values) await secrets.store(path, value);
  };

  test('a rollback is a version of its own, and repeating it changes nothing', async () => {
    await storeAll('shop/roll/key', 'one', 'two', 'three');
    expect(await secrets.rollback('shop/roll/key', 1)).toMatchObject({ version: 4, changed: true });
    expect(await secrets.retrieve('shop/roll/key')).toBe('one');
    expect(await secrets.rollback('shop/roll/key', 1)).toMatchObject({ version: 4, changed: false });
    expect((await secrets.versions('shop/roll/key')).map(({ version }) => version)).toEqual([4, 3, 2, 1]);
    await expect(secrets.rollback('shop/roll/key', 9)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('what is deleted is hidden, and restored with all it had', async () => {
    await storeAll('shop/gone/key', 'one', 'two');
    expect(await secrets.delete('shop/gone/key')).toEqual({ deleted: true });
    await expect(secrets.retrieve('shop/gone/key')).rejects.toMatchObject({ code: 'not_found', details: { deleted: true } });
    await expect(secrets.use(['shop/gone/key'])).rejects.toMatchObject({ code: 'not_found' });
    expect(await secrets.exists('shop/gone/key')).toBe(false);
    expect((await secrets.list({ prefix: 'shop/gone' })).secrets).toEqual([]);
    expect((await secrets.list({ deleted: true })).secrets).toMatchObject([{ path: 'shop/gone/key', deletedAt: expect.any(String) }]);
    await secrets.restore('shop/gone/key');
    expect(await secrets.retrieve('shop/gone/key')).toBe('two');
    expect(await secrets.restore('shop/gone/key')).toMatchObject({ deletedAt: null });
  });

  test('storing at a deleted path brings it back one version later, no looser than it was', async () => {
    await storeAll('shop/again/key', 'one');
    await secrets.setExposure('shop/again/key', 'use');
    await secrets.delete('shop/again/key');
    expect(await secrets.store('shop/again/key', 'two')).toMatchObject({ version: 2, created: true, changed: true });
    await expect(secrets.retrieve('shop/again/key')).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('a destroyed version is gone, a destroyed secret with it its history', async () => {
    await storeAll('shop/burn/key', 'one', 'two');
    await expect(secrets.destroy('shop/burn/key', 2)).rejects.toMatchObject({ code: 'conflict' });
    expect(await secrets.destroy('shop/burn/key', 1)).toEqual({ destroyed: true });
    expect(await secrets.destroy('shop/burn/key', 1)).toEqual({ destroyed: false });
    await expect(secrets.rollback('shop/burn/key', 1)).rejects.toMatchObject({ code: 'not_found' });
    expect((await secrets.versions('shop/burn/key'))[1]).toMatchObject({ keyId: null, destroyedAt: expect.any(String) });
    await secrets.delete('shop/burn/key');
    expect(await secrets.destroy('shop/burn/key')).toEqual({ destroyed: true });
    expect(await secrets.destroy('shop/burn/key')).toEqual({ destroyed: false });
    expect(await secrets.store('shop/burn/key', 'new')).toMatchObject({ version: 1 });
  });

  test('ifVersion lets one of many writers win, and a repeated call too', async () => {
    await secrets.store('shop/if/key', 'first', { ifVersion: 0 });
    await expect(secrets.store('shop/if/key', 'other', { ifVersion: 0 })).rejects.toMatchObject({
      code: 'conflict',
      details: { version: 1 },
    });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, writer) => secrets.store('shop/if/key', `writer ${writer}`, { ifVersion: 1 })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const value = await secrets.retrieve('shop/if/key');
    expect(await secrets.store('shop/if/key', value, { ifVersion: 1 })).toMatchObject({ version: 2, changed: false });
    await expect(secrets.store('shop/none/key', 'x', { ifVersion: 3 })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('what expires soon is listed, and a new value has no known end', async () => {
    const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    await secrets.store('shop/old/key', 'one', { expiresAt: at(-1) });
    await secrets.store('shop/soon/key', 'one', { expiresAt: at(5) });
    await secrets.store('shop/late/key', 'one', { expiresAt: at(50) });
    const expiring = async () => (await secrets.list({ expiring: 7 })).secrets.map(({ path }) => path);
    expect(await expiring()).toEqual(['shop/old/key', 'shop/soon/key']);
    await secrets.store('shop/soon/key', 'one');
    expect(await expiring()).toHaveLength(2);
    await secrets.store('shop/soon/key', 'two');
    expect(await expiring()).toEqual(['shop/old/key']);
  });

  test('a moved secret opens at its new path with all versions, and not at the old one', async () => {
    await storeAll('shop/from/key', 'one', 'two');
    await secrets.store('shop/taken/key', 'x');
    await expect(secrets.move('shop/from/key', 'shop/taken/key')).rejects.toMatchObject({ code: 'conflict' });
    expect(await secrets.move('shop/from/key', 'blog/to/key')).toMatchObject({ path: 'blog/to/key', project: 'blog', version: 2 });
    expect(await secrets.retrieve('blog/to/key')).toBe('two');
    expect(await secrets.rollback('blog/to/key', 1)).toMatchObject({ version: 3 });
    expect(await secrets.exists('shop/from/key')).toBe(false);
    await database.orm.execute(sql`update supervisor.secrets set path = 'shop/from/key' where path = 'blog/to/key'`);
    await expect(secrets.retrieve('shop/from/key')).rejects.toMatchObject({ details: { reason: 'tampered' } });
  });

  describe('exposure', () => {
    test('what is for use only is used and never retrieved', async () => {
      await storeAll('shop/hidden/key', 'one', 'two');
      expect(await secrets.setExposure('shop/hidden/key', 'use')).toMatchObject({ exposure: 'use' });
      await expect(secrets.retrieve('shop/hidden/key')).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('supervisor run'),
      });
      await secrets.setAllowedHosts('shop/hidden/key', ['api.example.com']);
      expect(await secrets.use(['shop/hidden/key'])).toEqual([
        { path: 'shop/hidden/key', value: 'two', version: 2, exposure: 'use', allowedHosts: ['api.example.com'] },
      ]);
      expect(await secrets.rollback('shop/hidden/key', 1)).toMatchObject({ version: 3 });
      await secrets.setExposure('shop/hidden/key', 'reveal');
      expect(await secrets.retrieve('shop/hidden/key')).toBe('one');
    });

    test('the longest prefix decides for a new secret, and a caller may only tighten', async () => {
      await secrets.setExposureDefault('', 'reveal');
      await secrets.setExposureDefault('bank/', 'use');
      await secrets.setExposureDefault('bank/public/', 'reveal');
      await secrets.store('bank/visa/key', 'x');
      await secrets.store('bank/public/key', 'x');
      await secrets.store('bank/public/tight', 'x', { exposure: 'use' });
      const exposed = (await secrets.list({ project: 'bank' })).secrets.map(({ path, exposure }) => [path, exposure]);
      expect(exposed).toEqual([
        ['bank/public/key', 'reveal'],
        ['bank/public/tight', 'use'],
        ['bank/visa/key', 'use'],
      ]);
      await expect(secrets.store('bank/visa/other', 'x', { exposure: 'reveal' })).rejects.toMatchObject({ code: 'forbidden' });
      await expect(secrets.store('bank/visa/key', 'y', { exposure: 'reveal' })).rejects.toMatchObject({ code: 'forbidden' });
      expect(await secrets.exists('bank/visa/other')).toBe(false);
      await secrets.setExposureDefault('bank/', null);
      expect(await secrets.exposureDefaults()).toHaveLength(2);
    });

    test('what is no exposure and no host is refused', async () => {
      await secrets.store('odd/a/key', 'canary-93ab');
      const odd = 'hidden' as never;
      for (const asked of [
        () => secrets.setExposure('odd/a/key', odd),
        () => secrets.setExposureDefault('odd', odd),
        () => secrets.store('odd/b/key', 'canary-93ab', { exposure: odd }),
        () => secrets.setAllowedHosts('odd/a/key', 'api.example.com' as never),
        () => secrets.setAllowedHosts('odd/a/key', ['https://api.example.com/v1']),
      ])
        await expect(asked()).rejects.toMatchObject({ code: 'invalid_input' });
    });

    test('it is sealed: changing the column does not open the value', async () => {
      await secrets.store('shop/sealed/key', 'x');
      await secrets.setExposure('shop/sealed/key', 'use');
      await rows(database.orm, sql`update supervisor.secrets set exposure = 'reveal' where path = 'shop/sealed/key'`);
      await expect(secrets.retrieve('shop/sealed/key')).rejects.toMatchObject({ details: { reason: 'tampered' } });
    });

    test('Supervisor’s own keys are reached by nothing', async () => {
      await secrets.internalKey('pepper');
      for (const attempt of [
        () => secrets.use(['_supervisor/pepper']),
        () => secrets.move('_supervisor/pepper', 'shop/x/y'),
        () => secrets.setExposure('_supervisor/pepper', 'reveal'),
        () => secrets.destroy('_supervisor/pepper'),
        () => secrets.delete('_supervisor/pepper'),
      ])
        await expect(attempt()).rejects.toMatchObject({ code: 'invalid_input' });
    });
  });
});

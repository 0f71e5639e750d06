import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql } from 'drizzle-orm';
import { mostWraps } from './keyring.js';
import { SecretsManager } from './secrets-manager.js';

const oldKey = '0123456789abcdef'.repeat(4);
const newKey = 'fedcba9876543210'.repeat(4);

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let secrets: SecretsManager;
  beforeEach(async () => {
    database = await open();
    secrets = new SecretsManager(oldKey, { db: database, holder: 'first' });
  });
  afterEach(() => database.close());

  const manager = (key: string, ...readKeys: string[]) => new SecretsManager(key, { db: database, readKeys });
  const fill = async (count: number) => {
    await secrets.storeBulk(Array.from({ length: count }, (_, index) => ({ path: `shop/p${index}/key`, value: `value ${index}` })));
  };

  test('a rotation moves everything, Supervisor’s own keys too; then the new key alone opens it and the old one nothing', async () => {
    await fill(250);
    await secrets.store('shop/p0/key', 'newer');
    const pepper = await secrets.internalKey('pepper');
    const id = await secrets.keys.add(newKey);
    const before = secrets.keyId;
    await secrets.keys.introduce(id);
    await secrets.keys.writeWith(id);
    const seen: [number, number][] = [];
    expect(await secrets.keys.drain((done, total) => seen.push([done, total]))).toEqual({ rewrapped: 252, damaged: 0 });
    expect(seen.at(-1)).toEqual([252, 252]);
    expect(await secrets.keys.retire(before)).toMatchObject({ state: 'retired', versions: 0 });
    const alone = manager(newKey);
    expect(await alone.retrieve('shop/p0/key')).toBe('newer');
    expect(await alone.rollback('shop/p0/key', 1)).toMatchObject({ version: 3 });
    expect((await alone.internalKey('pepper')).equals(pepper)).toBe(true);
    for (const key of [oldKey, '77'.repeat(31) + '78'])
      await expect(manager(key).retrieve('shop/p0/key')).rejects.toMatchObject({ code: 'wrong_key' });
    await expect(manager(oldKey, newKey).store('shop/a/b', 'x')).rejects.toMatchObject({
      code: 'wrong_key',
      message: expect.stringContaining('retired'),
    });
  });

  test('ENCRYPTION_KEY changed with the old one to read: both open, new values go under the new key', async () => {
    await fill(3);
    await secrets.keys.leave();
    const both = manager(newKey, oldKey);
    expect(await both.retrieve('shop/p1/key')).toBe('value 1');
    await both.store('shop/p1/key', 'under new');
    await expect(manager(oldKey).retrieve('shop/p2/key')).rejects.toMatchObject({ code: 'wrong_key' });
    expect(await manager(oldKey, newKey).retrieve('shop/p1/key')).toBe('under new');
    expect(await both.keys.drain()).toMatchObject({ rewrapped: 3 });
  });

  test('no key is written with before every running service can read it', async () => {
    await fill(1);
    await secrets.keys.announce();
    await expect(manager(newKey, oldKey).claim()).rejects.toMatchObject({ code: 'conflict', details: { without: ['first'] } });
    await secrets.keys.add(newKey);
    await manager(newKey, oldKey).claim();
    // A service that starts now without it is refused: values may come under it.
    await expect(manager(oldKey).claim()).rejects.toMatchObject({ code: 'wrong_key' });
  });

  test('a service that still seals with a key says how it is changed', async () => {
    await secrets.claim();
    await secrets.keys.add(newKey);
    const other = new SecretsManager(newKey, { db: database, readKeys: [oldKey], holder: 'second' });
    await other.claim();
    await other.keys.drain();
    const refused = other.keys.retire(secrets.keyId);
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(/instance first .* Set its ENCRYPTION_KEY to the new key/),
    });
  });

  test('a service that is silent for half a minute holds nobody up', async () => {
    await fill(1);
    await secrets.keys.announce();
    await rows(database.orm, sql`update supervisor.key_holders set seen_at = now() - interval '31 seconds'`);
    await manager(newKey, oldKey).claim();
  });

  test('a key that something needs is not retired', async () => {
    await fill(2);
    await expect(secrets.keys.retire(secrets.keyId)).rejects.toMatchObject({ code: 'conflict' });
    const both = new SecretsManager(newKey, { db: database, readKeys: [oldKey], holder: 'first' });
    await both.claim();
    await expect(both.keys.retire(secrets.keyId)).rejects.toMatchObject({ message: expect.stringContaining('versions of secrets') });
    await both.keys.drain();
    await both.keys.retire(secrets.keyId);
    await both.keys.retire(secrets.keyId);
    await expect(both.keys.retire('0000000000000000')).rejects.toMatchObject({ code: 'not_found' });
    // A process that did not hear of it seals nothing more.
    await expect(secrets.store('shop/late/key', 'x')).rejects.toMatchObject({ code: 'wrong_key' });
  });

  test('an interrupted rotation is taken up again, beside writers', async () => {
    await fill(300);
    await secrets.keys.leave();
    const both = manager(newKey, oldKey);
    const controller = new AbortController();
    await both.keys.drain(() => controller.abort(), controller.signal);
    const again = manager(newKey, oldKey);
    const writing = Promise.all(Array.from({ length: 50 }, (_, index) => again.store(`shop/p${index}/key`, 'rewritten')));
    expect(await again.keys.resume()).toMatchObject({ damaged: 0 });
    await writing;
    expect(await again.keys.resume()).toBeUndefined();
    expect(await manager(newKey).retrieve('shop/p7/key')).toBe('rewritten');
    expect(await manager(newKey).retrieve('shop/p299/key')).toBe('value 299');
  });

  test('a damaged version keeps its key and is counted', async () => {
    await fill(3);
    await secrets.keys.leave();
    await rows(
      database.orm,
      sql`update supervisor.secret_versions v set envelope = set_byte(envelope, 30, get_byte(envelope, 30) # 1) from supervisor.secrets s where s.id = v.secret_id and s.path = 'shop/p1/key'`,
    );
    const both = manager(newKey, oldKey);
    expect(await both.keys.drain()).toEqual({ rewrapped: 2, damaged: 1 });
    await both.store('shop/p1/key', 'mended');
    expect(await both.retrieve('shop/p1/key')).toBe('mended');
    await expect(both.keys.retire(secrets.keyId)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('wraps are counted, and refused at 2³¹', async () => {
    await fill(10);
    const { keys } = await secrets.keys.status();
    expect(keys).toMatchObject([{ writes: true, versions: 10, state: 'active' }]);
    expect(keys[0]!.wraps).toBeGreaterThanOrEqual(10);
    await rows(database.orm, sql`update supervisor.encryption_keys set wraps = ${mostWraps - 5}::bigint`);
    await expect(manager(oldKey).store('shop/a/b', 'x')).rejects.toMatchObject({ code: 'exhausted' });
    expect(await manager(oldKey).retrieve('shop/p1/key')).toBe('value 1');
  });
});

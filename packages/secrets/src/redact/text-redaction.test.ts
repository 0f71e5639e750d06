import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql } from 'drizzle-orm';
import { SecretsManager } from '../secrets-manager.js';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let secrets: SecretsManager;
  beforeAll(async () => {
    database = await open();
    secrets = new SecretsManager('0123456789abcdef'.repeat(4), { db: database });
  });
  afterAll(() => database.close());

  test('values are taken out of a text, old and deleted ones and disguises too', async () => {
    await secrets.store('shop/old/key', 'first-value-of-shop');
    await secrets.store('shop/old/key', 'second-value-of-shop', { exposure: 'reveal' });
    await secrets.store('api/gone/key', 'deleted-value-of-api');
    await secrets.delete('api/gone/key');
    await secrets.store('api/tiny/key', 'tiny');
    const base64 = Buffer.from('second-value-of-shop').toString('base64');
    const text = `one first-value-of-shop, two ${base64}, three deleted-value-of-api, four tiny`;
    const redacted = await secrets.redact(text);
    expect(redacted.text).toBe(
      // The last characters of base64 hold bits of whatever follows: they are left.
      `one [secret:shop/old/key], two [secret:shop/old/key]${base64.slice(26)}, three [secret:api/gone/key], four tiny`,
    );
    expect(redacted.redactions.toSorted()).toEqual(['api/gone/key', 'shop/old/key']);
    expect(await secrets.redact('nothing of the kind')).toEqual({ text: 'nothing of the kind', redactions: [] });
    const long = `${'an ordinary sentence about shops. '.repeat(1000)}${text}`;
    expect((await secrets.redact(long)).text).not.toContain('value-of');
  });

  test('only what a text may hold is opened', async () => {
    const values = Array.from({ length: 60 }, () => randomBytes(15).toString('base64url'));
    await secrets.storeBulk(values.map((value, index) => ({ path: `many/key/${index}`, value })));
    expect((await secrets.redact(`it is ${values[1]}.`)).redactions).toEqual(['many/key/1']);
    // Whatever is opened besides would now fail the call.
    await database.orm.execute(sql`update supervisor.secret_versions v set envelope = set_byte(envelope, 2, get_byte(envelope, 2) # 255)
      from supervisor.secrets s where s.id = v.secret_id and s.path like 'many/%' and s.path <> 'many/key/2'`);
    expect((await secrets.redact(`again: ${values[2]}`)).redactions).toEqual(['many/key/2']);
    await expect(secrets.redact(values[1]!)).rejects.toMatchObject({ code: 'wrong_key' });
  });

  test('of many large versions that begin alike, the one that stands in a text is found', async () => {
    const beginning = randomBytes(300).toString('base64');
    const values = Array.from({ length: 20 }, () => `${beginning}${randomBytes(12_000).toString('base64')}`);
    for (const value of values) await secrets.store('large/all/keys', value);
    expect(await secrets.redact(beginning)).toEqual({ text: beginning, redactions: [] });
    const text = `${beginning} and ${encodeURIComponent(values[7]!)}`;
    expect(await secrets.redact(text)).toEqual({ text: `${beginning} and [secret:large/all/keys]`, redactions: ['large/all/keys'] });
  });

  test('a value may hold any character anywhere', async () => {
    const value = `${'x'.repeat(255)}\u{1f600}-and-more`;
    await secrets.store('odd/one/key', value);
    expect(await secrets.redact(`it is ${value}`)).toEqual({ text: 'it is [secret:odd/one/key]', redactions: ['odd/one/key'] });
  });

  test('a destroyed version leaves no trace', async () => {
    await secrets.store('lost/a/key', 'value-that-is-lost');
    await secrets.store('lost/a/key', 'value-that-remains');
    expect((await secrets.redact('value-that-is-lost')).redactions).toEqual(['lost/a/key']);
    await secrets.destroy('lost/a/key', 1);
    const kept = await rows(database.orm, sql`select traces from supervisor.secret_versions where destroyed_at is not null`);
    expect(kept).toEqual([{ traces: null }]);
    expect((await secrets.redact('value-that-is-lost')).redactions).toEqual([]);
  });
});

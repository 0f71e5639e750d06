import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { withPostgres } from './postgres.js';
import { root, TestHome } from './harness.js';

const ENCRYPTION_KEY = '0123456789abcdef'.repeat(4);
const library = join(root, 'examples/library.mjs');
const expected = { characters: 14, port: expect.any(Number), status: 'completed' };

test('an agent’s day over the official SDK', async () => {
  const home = await TestHome.create();
  const { code, stdout, stderr } = await home.run([join(root, 'examples/day.mjs')]);
  await home.remove();
  expect(stderr).toBe('');
  expect(stdout).toMatch(/shop\/web (31\d\d), blog\/web 32\d\d; asked again: \1/);
  expect(stdout).toContain('1 completed, 1 failed, success rate 0.5');
  expect(code).toBe(0);
});

describe('the packages on their own', () => {
  let home: TestHome;
  beforeAll(async () => {
    home = await TestHome.create({ ENCRYPTION_KEY });
  });
  afterAll(() => home.remove());

  test('embedded, with no service', async () => {
    const { stdout, stderr, lingeredSeconds } = await home.run([library]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(expected);
    expect(lingeredSeconds).toBeLessThan(1);
  });

  test('while a service has the embedded directory: refused, and the client does the same', async () => {
    await home.start();
    const refused = await home.run([library]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('@supervisor/client');
    const { stdout, stderr, lingeredSeconds } = await home.run([join(root, 'examples/client.mjs')]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(expected);
    expect(lingeredSeconds).toBeLessThan(1);
  });
});

withPostgres('on PostgreSQL, while a service runs', async (database) => {
  const home = await TestHome.create({ ENCRYPTION_KEY, DATABASE_URL: database.url });
  await home.start();
  const { stdout, stderr, lingeredSeconds } = await home.run([library]);
  await home.remove();
  expect(lingeredSeconds).toBeLessThan(1);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual(expected);
});

import { expect, test } from '@jest/globals';
import { isGranted, mayReach } from './grants.js';
import type { Principal } from './principal.js';

const allows = (paths: string, path: string) => isGranted([{ paths, actions: ['use'] }], 'use', path);

test.each([
  ['shop/stripe/key', 'shop/stripe/key'],
  ['shop/**', 'shop/stripe/key'],
  ['**', 'shop/stripe/key'],
  ['**/key', 'shop/stripe/key'],
  ['shop/*/key', 'shop/stripe/key'],
  ['shop/s*e/k*', 'shop/stripe/key'],
  ['shop/**/key', 'shop/key'],
  ['shop/**/b/**', 'shop/a/b/c/b/d'],
])('%s covers %s', (paths, path) => expect(allows(paths, path)).toBe(true));

test.each([
  ['shop/*', 'shop/stripe/key'],
  ['shop/stripe', 'shop/stripe/key'],
  ['shop/stripe/key/**/x', 'shop/stripe/key'],
  ['*', 'shop/stripe'],
  ['shop**', 'shop/stripe'],
  ['', 'shop/stripe'],
  ['Shop/**', 'shop/stripe'],
])('%s does not cover %s', (paths, path) => expect(allows(paths, path)).toBe(false));

test('nothing is granted by no grant, or for another action', () => {
  expect(isGranted([], 'read', 'shop/a')).toBe(false);
  expect(isGranted([{ paths: '**', actions: ['read', 'use', 'write'] }], 'destroy', 'shop/a')).toBe(false);
});

test('a pattern full of wildcards takes no longer than others', () => {
  const before = performance.now();
  expect(allows('a*'.repeat(100), `${'a'.repeat(199)}b/`)).toBe(false);
  expect(allows(`${'**/a/'.repeat(60)}b`, 'a/'.repeat(100))).toBe(false);
  expect(performance.now() - before).toBeLessThan(200);
});

test('where the address names a project, grants for others do not count', () => {
  const token: Principal = {
    id: 't',
    kind: 'token',
    scopes: ['use'],
    boundTo: 'shop',
    only: 'shop',
    grants: [{ paths: '**', actions: ['use'] }],
  };
  expect(mayReach(token, 'use', 'shop/stripe/key')).toBe(true);
  expect(mayReach(token, 'use', 'shopping/stripe/key')).toBe(false);
  expect(mayReach(token, 'use', 'meta/stripe/key')).toBe(false);
});

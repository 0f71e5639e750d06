import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { open, overhead, seal, type Binding } from './envelope.js';
import { parseKey } from './key.js';

const key = parseKey('11'.repeat(31) + '22');
const other = parseKey('33'.repeat(31) + '44');
const binding: Binding = { secretId: '3b0e8b0e-0000-4000-8000-000000000001', path: 'shop/stripe/key', version: 3, exposure: 'reveal' };

test('what is sealed is opened, 98 bytes longer, never twice the same', () => {
  for (const size of [1, 64, 65_536]) {
    const value = randomBytes(size);
    const envelope = seal(key, value, binding);
    expect(envelope).toHaveLength(size + overhead);
    expect(overhead).toBe(98);
    expect(open([other, key], envelope, binding).equals(value)).toBe(true);
    expect(seal(key, value, binding).equals(envelope)).toBe(false);
  }
});

test('every flipped bit and every cut is refused', () => {
  const envelope = seal(key, Buffer.from('value'), binding);
  for (let bit = 0; bit < envelope.length * 8; bit++) {
    const changed = Buffer.from(envelope);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => open([key], changed, binding)).toThrow(expect.objectContaining({ name: 'SupervisorError' }));
  }
  for (let length = 0; length < envelope.length; length++) {
    expect(() => open([key], envelope.subarray(0, length), binding)).toThrow(expect.objectContaining({ name: 'SupervisorError' }));
  }
  expect(() => open([key], Buffer.concat([envelope, Buffer.from([0])]), binding)).toThrow(/authentication/);
});

test('an envelope opens only where it belongs', () => {
  const envelope = seal(key, Buffer.from('value'), binding);
  const elsewhere: Partial<Binding>[] = [
    { secretId: '3b0e8b0e-0000-4000-8000-000000000002' },
    { path: 'shop/stripe/kez' },
    { version: 4 },
    { exposure: 'use' },
  ];
  for (const change of elsewhere) expect(() => open([key], envelope, { ...binding, ...change })).toThrow(/authentication/);
});

test('another key is named by its fingerprint', () => {
  const envelope = seal(key, Buffer.from('value'), binding);
  expect(() => open([other], envelope, binding)).toThrow(
    expect.objectContaining({ code: 'wrong_key', message: expect.stringContaining(key.fingerprint) }),
  );
});

test('keys of the wrong form are refused, without showing them', () => {
  expect(parseKey(Buffer.from('11'.repeat(31) + '22', 'hex').toString('base64')).fingerprint).toBe(key.fingerprint);
  expect(parseKey(` ${'11'.repeat(31)}22\n`).fingerprint).toBe(key.fingerprint);
  const bad = [undefined, '', '11', '11'.repeat(33), '11'.repeat(32), 'zz'.repeat(32), `ead0721a${'5a'.repeat(28)}`];
  for (const text of bad)
    expect(() => parseKey(text)).toThrow(expect.objectContaining({ code: 'invalid_input', message: expect.not.stringContaining('5a5a') }));
});

import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { encodings } from './encodings.js';
import { SipHash } from './siphash.js';
import { tracesIn, tracesOf } from './traces.js';

const counting = Buffer.from(Array.from({ length: 16 }, (_, index) => index));

test('the hash is that of the published vectors', () => {
  // The reference implementation's vectors_sip64[8]: bytes 0 … 7 under the key 0 … 15.
  const expected = Buffer.from('62 24 93 9a 79 f5 f5 93'.replaceAll(' ', ''), 'hex').readBigInt64LE();
  expect(new SipHash(counting).hash(counting, 0)).toBe(expected);
});

test('a text that holds a value, in any traced encoding and at any place, has one of its traces', () => {
  const hash = new SipHash(randomBytes(16));
  const values = [
    'sk_fake_51H8xQ2eZvKYlo2C',
    'correct horse battery staple',
    `p@ss "w'örd"\\/&<>$\`!+=%41`,
    'ABCDEFGHijkl\nmnopqrstuvwxyz0123456789abcdef\n',
  ];
  for (const value of values) {
    const traces = tracesOf(hash, value);
    for (const { name, forms } of encodings.filter(({ name }) => !/bytes|utf/.test(name))) {
      for (const form of forms(value.trimEnd())) {
        const seen = tracesIn(hash, `some words before ${form.toString()} and after`);
        expect([name, traces.some((trace) => seen.has(trace))]).toEqual([name, true]);
      }
    }
    expect(traces.length).toBeLessThan(40);
  }
  expect(tracesOf(hash, 'short')).toEqual([]);
});

test('other text has none, nor has any text under another key', () => {
  const hash = new SipHash(randomBytes(16));
  const value = 'sk_fake_51H8xQ2eZvKYlo2C';
  const traces = tracesOf(hash, value);
  expect(traces.some((trace) => tracesIn(hash, 'sk_fake_ is how such a key begins, and nothing more').has(trace))).toBe(false);
  expect(traces.some((trace) => tracesIn(new SipHash(randomBytes(16)), value).has(trace))).toBe(false);
});

import { expect, test } from '@jest/globals';
import { chooseBlock, deniedIn, overlaps, readEphemeralRange, type Span } from './range.js';

const ephemeral = { first: 32_768, last: 60_999 };

test('blocks follow one another, without the shared one, and use the ephemeral range last', () => {
  const taken: Span[] = [];
  const firsts: number[] = [];
  for (let block = chooseBlock('a', taken, ephemeral); block; block = chooseBlock('a', taken, ephemeral)) {
    taken.push(block);
    firsts.push(block.first);
  }
  expect(firsts.slice(0, 3)).toEqual([3100, 3200, 3300]);
  expect(firsts).not.toContain(9000);
  expect(firsts).not.toContain(3000);
  // All 625 blocks but meta's and the shared one; the 283 that touch the ephemeral range come last.
  expect(firsts).toHaveLength(623);
  const inEphemeral = taken.map((block) => overlaps(block, ephemeral));
  expect(inEphemeral.filter(Boolean)).toHaveLength(283);
  expect(inEphemeral.indexOf(true)).toBe(623 - 283);
});

test('what lies below the start is used before the ephemeral range', () => {
  const high = { start: 20_000, size: 100 };
  const taken = [
    { first: 20_000, last: 32_767 },
    { first: 61_000, last: 65_535 },
  ];
  expect(chooseBlock('a', taken, ephemeral, high)).toEqual({ first: 3100, last: 3199 });
  expect(chooseBlock('a', [...taken, { first: 3000, last: 19_999 }], ephemeral, high)).toEqual({ first: 32_800, last: 32_899 });
});

test('meta and shared have their own', () => {
  expect(chooseBlock('meta', [], ephemeral)).toEqual({ first: 3000, last: 3099 });
  expect(chooseBlock('shared', [], ephemeral)).toEqual({ first: 9000, last: 9099 });
});

test('what browsers refuse is denied where it lies in the block', () => {
  expect(deniedIn({ first: 6600, last: 6699 })).toEqual([6665, 6666, 6667, 6668, 6669, 6679, 6697]);
  expect(deniedIn({ first: 3100, last: 3199 })).toEqual([]);
});

test('the kernel’s range is read, or the usual one assumed', () => {
  const { first, last } = readEphemeralRange();
  expect(first).toBeLessThan(last);
});

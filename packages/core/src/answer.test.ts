import { expect, test } from '@jest/globals';
import { retryAfter } from './answer.js';

const now = Date.parse('2026-01-01T00:00:00Z');

test.each([
  ['7', 7000],
  ['Thu, 01 Jan 2026 00:00:09 GMT', 9000],
  ['Thu, 01 Jan 2025 00:00:00 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 3_600_000],
  ['9999999999999', 3_600_000],
  ['5.5', undefined],
  ['-1', undefined],
  ['soon', undefined],
])('retry-after: %s asks to wait %s ms', (asked, milliseconds) => {
  expect(retryAfter(new Response('', { headers: { 'retry-after': asked } }), now)).toBe(milliseconds);
});

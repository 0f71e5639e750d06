import { expect, test } from '@jest/globals';
import { instant } from './fields.js';

test.each([
  ['1999-12-31T23:59:59Z', true],
  ['9999-12-31T23:59:59Z', true],
  ['9999-12-31T23:59:59.9999999Z', false],
  ['0999-01-01T00:00:00Z', false],
  ['2026-01-01', false],
])('%s is a time that databases and Date read alike: %s', (text, allowed) => {
  expect(instant.safeParse(text).success).toBe(allowed);
});

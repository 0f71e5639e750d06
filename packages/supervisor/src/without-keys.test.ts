import { expect, test } from '@jest/globals';
import { withoutKeys } from './without-keys.js';

test('keys are taken out and named, the rest stays as it is', () => {
  const key = `ghp_${'a1B2c3D4e5'.repeat(3)}F6g7H8`;
  const { text, redactions } = withoutKeys(`Use ${key} for the mirror, and ${key} again.`);
  expect(text).toBe('Use [removed: github token] for the mirror, and [removed: github token] again.');
  expect(redactions).toHaveLength(2);
  expect(withoutKeys(text)).toEqual({ text, redactions: [] });
  expect(withoutKeys('No key here: getUserById(42).')).toEqual({ text: 'No key here: getUserById(42).', redactions: [] });
});

import { expect, test } from '@jest/globals';
import { withFound } from './project-file.js';

test('a variable that is found again is in one map only', () => {
  const file = { ports: {}, secrets: { A: 'shop/a', KEPT: 'shop/kept' }, env: { B: 'b', TEXT: 'text' } };
  expect(withFound(file, { secrets: { B: 'shop/b' }, env: { A: 'a' } })).toEqual({
    secrets: { KEPT: 'shop/kept', B: 'shop/b' },
    env: { TEXT: 'text', A: 'a' },
  });
});

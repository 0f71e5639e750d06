import { expect, test } from '@jest/globals';
import { matcher } from './glob.js';

test.each([
  ['*.md', 'README.md', true],
  ['*.md', 'docs/a.md', true],
  ['docs/*.md', 'docs/a.md', true],
  ['docs/*.md', 'docs/old/a.md', false],
  ['docs/**/*.md', 'docs/a.md', true],
  ['docs/**/*.md', 'docs/old/er/a.md', true],
  ['**/old/**', 'docs/old/a.md', true],
  ['src/{a,b}?.ts', 'src/b1.ts', true],
  ['src/{a,b}?.ts', 'src/c1.ts', false],
  ['./src/x.ts', 'src/x.ts', true],
  ['a+b(1).txt', 'a+b(1).txt', true],
  ['a.b', 'aXb', false],
])('%s and %s: %s', (pattern, path, fits) => {
  expect(matcher([pattern])(path)).toBe(fits);
});

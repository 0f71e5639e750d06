// Values that no operation asks for.
import fc from 'fast-check';

/** A cursor as list_tasks makes them. */
export function encoded(...values) {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

export const badCursors = [
  '-1',
  '1e9',
  'NaN',
  '\0',
  '\ud800',
  encoded('2026-01-01T00:00:00Z', 'a\0', 'b'),
  encoded('2026-01-01T00:00:00Z', 'a', '\ud800'),
  // Dates to JavaScript, but perhaps not to PostgreSQL.
  encoded('January 1, 2026 (noon)', 'a', 'b'),
  encoded('1', 'a', 'b'),
  encoded('+275760-09-13T00:00:00.000Z', 'a', 'b'),
  encoded('-271821-04-20T00:00:00.000Z', 'a', 'b'),
  encoded(null, {}, []),
  encoded(),
  'W10',
];

// None of these holds a word that findLeak() looks for: an answer may repeat what it was given.
const hostileText = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'a\udc00b',
  '\u0001\u001b[31m\u0007',
  '\r\nx-injected: 1',
  '\u202e\u2028\ufeff',
  "'; drop table x; --",
  "' or '1'='1",
  '$1',
  '%s%n',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  'a/../../b',
  '/',
  '__proto__',
  'constructor',
  'a\n',
  'A-B_',
  '-a',
  'NaN',
  'Infinity',
  '1e999',
  '0x10',
  '{"a":1}',
  '{{7*7}}${7*7}<b>',
  'é'.repeat(101),
  'a'.repeat(64),
  'a'.repeat(201),
  'a/'.repeat(99) + 'a',
  '\u{1f600}'.repeat(600),
  'x'.repeat(70_000),
);
const hostileNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 65_535, 65_536, 6000, 3000, 9050, 1e15, 2e9, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324, 501),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const prototypes = ['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"a":1}}}', '{"toString":null,"valueOf":1}'];
const deep = (depth) => JSON.parse(`${'{"a":['.repeat(depth)}${']}'.repeat(depth)}`);
const hostileThing = fc.oneof(
  fc.constantFrom(null, true, false, [], {}, [[]], deep(5), deep(500)),
  fc.constantFrom(...prototypes).map((text) => JSON.parse(text)),
  fc.array(hostileText, { maxLength: 3 }),
);
export const hostile = fc.oneof({ weight: 3, arbitrary: hostileText }, { weight: 2, arbitrary: hostileNumber }, hostileThing);

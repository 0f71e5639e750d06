// For tests: values of every column type, from edges as well as from the middle. The same for the same seed.
type Random = () => number;

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
const digits = (random: Random, count: number) => Array.from({ length: count }, () => Math.floor(random() * 10)).join('');
const hex = (random: Random, count: number) => Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('');
const letters = [
  'a',
  'Z',
  ' ',
  '"',
  '\\',
  "'",
  '\n',
  '\r',
  '\t',
  '\u0001',
  '\u2028',
  'é',
  '漢',
  '🐘',
  '{',
  '}',
  ',',
  'null',
  '$1',
  '[',
  '',
];
const text = (random: Random) => Array.from({ length: Math.floor(random() * 30) }, () => pick(random, letters)).join('');
const quote = (item: string) => `"${item.replace(/["\\]/g, '\\$&')}"`;
const instant = (random: Random) =>
  pick(random, [
    'infinity',
    '-infinity',
    '0044-03-15 12:00:00.000001 BC',
    '2026-11-24 21:30:00.123456-05',
    `20${digits(random, 2)}-02-28 23:59:59.${digits(random, 6)}+13`,
  ]);

const makers: Record<string, (random: Random) => string> = {
  integer: (random) => pick(random, ['0', '1000000000', '-1000000000', digits(random, 8)]),
  smallint: (random) => pick(random, ['32767', '-32768', digits(random, 4)]),
  bigint: (random) => pick(random, ['9223372036854775807', '-9223372036854775808', '9007199254740993', digits(random, 18)]),
  'double precision': (random) =>
    pick(random, ['NaN', 'Infinity', '-0', '5e-324', '0.1', String(random()), `${random()}e${digits(random, 2)}`]),
  real: (random) => pick(random, ['NaN', '-Infinity', '1e-45', '0.1', String(random())]),
  numeric: (random) => pick(random, ['NaN', '0.00', `${digits(random, 60)}.${digits(random, 40)}`, `-0.${digits(random, 90)}1`]),
  'numeric(12,3)': (random) => `${digits(random, 9)}.${digits(random, 3)}`,
  boolean: (random) => pick(random, ['true', 'false']),
  text,
  'text collate "C"': text,
  'varchar(40)': (random) => text(random).slice(0, 20),
  'char(6)': (random) => pick(random, ['', 'a', ' b', 'abcdef']),
  bytea: (random) => `\\x${hex(random, 2 * Math.floor(random() * 300))}`,
  uuid: (random) => hex(random, 32),
  timestamptz: instant,
  timestamp: instant,
  date: (random) => pick(random, ['infinity', '0044-03-15 BC', `19${digits(random, 2)}-12-31`]),
  time: (random) => `1${digits(random, 1)}:59:07.${digits(random, 6)}`,
  timetz: (random) => `0${digits(random, 1)}:00:00.${digits(random, 6)}+05:30`,
  interval: (random) => pick(random, ['-1 year 2 mons -3 days 04:05:06.789', `${digits(random, 3)} days -${digits(random, 4)}.5 seconds`]),
  json: (random) => JSON.stringify({ b: text(random).replaceAll('\u0000', ''), a: [1.0, null], b2: 1e20 }, null, 2),
  jsonb: (random) => `{"z":${digits(random, 1) || 0}.10,"a":{"k":${JSON.stringify(text(random))}},"big":9007199254740993}`,
  'text[]': (random) =>
    `{${Array.from({ length: Math.floor(random() * 4) }, () => pick(random, ['NULL', '"NULL"', quote(text(random))])).join(',')}}`,
  'integer[]': (random) => pick(random, ['{}', '{{1,2},{3,4}}', '[2:3]={7,NULL}', `{${digits(random, 5)}}`]),
  'bytea[]': (random) => `{"\\\\x${hex(random, 8)}",NULL}`,
  'timestamptz[]': () => '{"2026-11-24 21:30:00.5+00",infinity}',
  inet: (random) => pick(random, ['10.0.0.1', '::1', '10.1.0.0/16', 'fe80::1/64']),
  'bit(5)': (random) => pick(random, ['00000', '10101']),
  'bit varying': (random) => pick(random, ['', '1', '110']),
  int4range: (random) => pick(random, ['empty', '[1,5)', '(,3]']),
  tstzrange: () => '["2026-01-01 00:00:00+02",infinity)',
  point: (random) => `(${random()},${-random()})`,
  tsvector: () => `'a':1A 'it''s':2,3B`,
};

/** The column types, in the order of the values of a row. */
export const types = Object.keys(makers);

/** A row with about a tenth of its values null. */
export function randomRow(random: Random): { names: string[]; values: { type: string; value: string | null }[] } {
  const values = types.map((type) => ({ type: type.replace(/ collate.*/, ''), value: random() < 0.1 ? null : makers[type]!(random) }));
  return { names: types.map((_, index) => `c${index}`), values };
}

/** Numbers from 0 to 1, always the same for a seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

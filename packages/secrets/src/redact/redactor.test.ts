import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beginningOf, encodings } from './encodings.js';
import { createRedactor, shortestDisguised } from './redactor.js';

const nasty = `p@ss "w'örd"\\/&<>$\`!+=%41 ${'x'.repeat(9)}`;
const secrets = [
  { name: 'shop/stripe/key', value: 'sk_fake_51H8xQ2eZvKYlo2C' },
  { name: 'shop/db/password', value: nasty },
  {
    name: 'shop/tls/key',
    value: `-----BEGIN FAKE KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlq\n'.repeat(3)}-----END FAKE KEY-----\n`,
  },
];
const redactor = createRedactor(secrets);

async function through(chunks: Iterable<Buffer>, by = redactor): Promise<Buffer> {
  const stream = by.stream();
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = new Promise((resolve) => stream.once('end', resolve));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await ended;
  return Buffer.concat(pieces);
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe.each(encodings)('$name', ({ forms }) => {
  test.each(secrets)('of $name is replaced, whole and byte by byte', async ({ name, value }) => {
    for (const form of forms(value.trimEnd())) {
      const bytes = Buffer.concat([Buffer.from('<before '), Buffer.from(form as string), Buffer.from(' after>')]);
      const expected = `<before [secret:${name}] after>`;
      expect(redactor.bytes(bytes).toString()).toBe(expected);
      expect((await through(split(bytes, [...bytes.keys()]))).toString()).toBe(expected);
    }
  });
});

test('base64 and hex are found at any place in longer data, and broken into indented lines', () => {
  const { name, value } = secrets[0]!;
  for (let before = 0; before < 9; before++) {
    const data = Buffer.from(`${'b'.repeat(before)}${value}${'a'.repeat(70)}`);
    for (const text of [data.toString('base64'), data.toString('base64url'), data.toString('hex')]) {
      expect(redactor.text(text)).toContain(`[secret:${name}]`);
      for (const width of [60, 64, 76]) {
        const lines = ('A'.repeat(40) + text).replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n  ');
        expect(redactor.text(lines)).toContain(`[secret:${name}]`);
      }
    }
  }
});

test('broken into lines it is found wherever the output is cut', async () => {
  const own = createRedactor([{ name: 'own', value: 'SECRET-qwertyuiopasdfghjklzxcvbnm0123456789' }]);
  const data = Buffer.from(`${'A'.repeat(42)}SECRET-qwertyuiopasdfghjklzxcvbnm0123456789${'B'.repeat(60)}`);
  const wrapped = Buffer.from(`${data.toString('base64').replace(/.{76}/g, '$&\n')}\n`);
  for (let cut = 1; cut < wrapped.length; cut++) expect((await through(split(wrapped, [cut]), own)).toString()).toContain('[secret:own]');
});

test('a value is found without the blanks before it', () => {
  const own = createRedactor([{ name: 'own', value: '\n  pass-0123456789' }]);
  expect(own.text('{"x-key":"pass-0123456789"}')).toBe('{"x-key":"[secret:own]"}');
  expect(own.text('[\n  pass-0123456789]')).not.toContain('pass');
});

test('a key that stands in a file of its own lines is hidden line by line', () => {
  const { value } = secrets[2]!;
  const logged = value.split('\n').map((line) => `  12:00 | ${line}`);
  expect(redactor.text(logged.join('\n'))).not.toContain('QUJDREVGR0hJ');
});

test('of values within one another the longest is named', () => {
  const nested = createRedactor([
    { name: 'short', value: 'abcd1234' },
    { name: 'long', value: 'abcd1234-efgh5678' },
  ]);
  expect(nested.text('abcd1234-efgh5678 abcd1234-efgh abcd1234')).toBe('[secret:long] [secret:short]-efgh [secret:short]');
  expect(nested.find('x abcd1234 y')).toEqual(['short']);
});

test('a short value is looked for as it stands only, a very short one not at all', () => {
  const short = createRedactor([
    { name: 'pin', value: '493817' },
    { name: 'digit', value: '7' },
  ]);
  expect(short.text(`7 493817 ${Buffer.from('493817').toString('base64')}`)).toBe('7 [secret:pin] NDkzODE3');
});

test('nothing is kept back that cannot become a value', () => {
  const stream = redactor.stream();
  const seen: string[] = [];
  stream.on('data', (piece: Buffer) => seen.push(piece.toString()));
  stream.write('Ready on port 1.\n');
  stream.write('? ');
  expect(stream.read()).toBeNull();
  return new Promise<void>((resolve) =>
    setImmediate(() => {
      expect(seen.join('')).toBe('Ready on port 1.\n? ');
      resolve();
    }),
  );
});

test('whatever the values, the cuts and the surroundings, no value comes through', async () => {
  const value = fc
    .string({ unit: 'grapheme', minLength: shortestDisguised, maxLength: 60 })
    .filter((text) => Buffer.from(text).toString().trimEnd().length >= shortestDisguised);
  const cuts = fc.array(fc.nat(5000), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 4 }), fc.string(), cuts, fc.nat(), async (values, around, cuts, pick) => {
      const own = createRedactor(values.map((value, index) => ({ name: String(index), value })));
      for (const { forms } of encodings) {
        const all = forms(values[pick % values.length]!.trimEnd());
        const form = Buffer.from(all[pick % all.length] as string);
        const bytes = Buffer.concat([Buffer.from(around), form, Buffer.from(around)]);
        const clean = await through(split(bytes, cuts), own);
        expect(clean.equals(own.bytes(bytes))).toBe(true);
        expect(clean.includes(form)).toBe(false);
      }
    }),
    { numRuns: 150 },
  );
});

const awkward = fc.constantFrom(...'ab\\u0efF%2"\'\r\n &<é', '\ud83d\ude00');

test('a beginning is written as it is in all of the value', () => {
  fc.assert(
    fc.property(fc.string({ unit: awkward, minLength: 230, maxLength: 400 }), (text) => {
      const value = text.trim();
      const beginning = beginningOf(value);
      for (const { forms } of encodings) {
        const whole = forms(value).map((form) => Buffer.from(form as string));
        for (const [index, form] of forms(beginning).entries()) expect(whole[index]!.includes(form)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('a redactor for one text hides in it what any redactor does', () => {
  const part = fc.string({ unit: awkward, minLength: 1, maxLength: 400 });
  const pick = fc.record({ value: fc.nat(), encoding: fc.nat(), form: fc.nat(), width: fc.constantFrom(0, 64, 76) });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), fc.array(pick, { maxLength: 4 }), part, (values, picks, around) => {
      const own = values.map((value, index) => ({ name: String(index), value }));
      const pieces = picks.map((pick) => {
        const all = encodings[pick.encoding % encodings.length]!.forms(values[pick.value % values.length]!.trimEnd());
        const form = Buffer.from(all[pick.form % all.length] as string).toString('latin1');
        return Buffer.from(pick.width === 0 ? form : form.replace(new RegExp(`[^\n]{${pick.width}}`, 'g'), '$&\n'), 'latin1');
      });
      const bytes = Buffer.concat([Buffer.from(around), ...pieces, Buffer.from(around)]);
      expect(createRedactor(own, bytes).bytes(bytes).equals(createRedactor(own).bytes(bytes))).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('what holds no value passes unchanged, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.array(fc.nat(3000), { maxLength: 20 }), async (array, cuts) => {
      const bytes = Buffer.from(array);
      expect((await through(split(bytes, cuts))).equals(bytes)).toBe(true);
    }),
    { numRuns: 200 },
  );
  const large = randomBytes(1 << 20);
  expect(redactor.bytes(large).equals(large)).toBe(true);
  expect(redactor.text('\ud800 broken')).toBe('\ud800 broken');
});

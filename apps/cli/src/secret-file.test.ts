import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planImport } from './import-plan.js';
import { quoteDotenv } from './quote-dotenv.js';
import { formatOf, readSecretFile, variableOf, writeSecretFile } from './secret-file.js';

const unit = fc.constantFrom(...'an\'"`\n\r\t#$\\={}%:-&*!|>, ü漢😀\u2028\u0085\u0000');
const value = fc.oneof(fc.string({ unit, minLength: 1, maxLength: 12 }), fc.string({ unit: 'binary', minLength: 1 }));
const path = fc.tuple(
  fc.constantFrom('shop', 'a-1'),
  fc.array(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,5}$/), { minLength: 1, maxLength: 3 }),
);
const secrets = fc.uniqueArray(fc.record({ path: path.map(([project, names]) => [project, ...names].join('/')), value }), {
  selector: (secret) => variableOf(secret.path),
  minLength: 1,
  maxLength: 8,
});
const imported = (text: string, format: 'dotenv' | 'json' | 'yaml') =>
  planImport(readSecretFile(text, format), {}).secrets.map((secret) => ({ path: secret.path, value: secret.value }));
const sorted = <T extends { path: string }>(list: readonly T[]) => list.toSorted((a, b) => (a.path < b.path ? -1 : 1));

test.each(['json', 'yaml'] as const)('what is exported as %s is imported again, to the letter', (format) => {
  fc.assert(
    fc.property(secrets, (all) => expect(sorted(imported(writeSecretFile(all, format), format))).toEqual(sorted(all))),
    { numRuns: 500 },
  );
});

test('the same as dotenv, but for what its reader cannot read, which is refused', () => {
  let refused = 0;
  const property = fc.property(secrets, (all) => {
    const unreadable = all.some((secret) => quoteDotenv(secret.value) === undefined);
    if (unreadable) {
      refused++;
      return expect(() => writeSecretFile(all, 'dotenv')).toThrow(/cannot hold the value of/);
    }
    expect(sorted(imported(writeSecretFile(all, 'dotenv'), 'dotenv'))).toEqual(sorted(all));
  });
  fc.assert(property, { numRuns: 1000 });
  expect(refused).toBeLessThan(1000);
});

test('a quote is chosen that is not in the value', () => {
  const written = ['plain/1', "it's", `it's "so"`, 'a # b', String.raw`C:\new "x" 'y'`, '$HOME', ' '].map(quoteDotenv);
  expect(written).toEqual(['plain/1', `"it's"`, '`it\'s "so"`', `'a # b'`, '`C:\\new "x" \'y\'`', `'$HOME'`, `' '`]);
  for (const impossible of ['a\rb', '\'"`', "'`\\n"]) expect(quoteDotenv(impossible)).toBeUndefined();
});

test('variables that would be one, and unknown names, are refused', () => {
  const twice = ['shop/a/b', 'shop/a_b'].map((path) => ({ path, value: 'x' }));
  const kept = ['shop/stripe/key', 'shop/app/stripe_key', 'shop/app/url'].map((path) => ({ path, value: 'x' }));
  expect(writeSecretFile(kept, 'dotenv').match(/^\w+(?==)/gm)).toEqual(['STRIPE_KEY', 'APP_STRIPE_KEY', 'URL']);
  expect(() => writeSecretFile(twice, 'dotenv')).toThrow('shop/a/b and shop/a_b would both be A_B');
  expect(imported(writeSecretFile(twice, 'json'), 'json')).toEqual(twice);
  expect(['.env', '.env.local', 'a.env', 'b.json', 'c.yml'].map((file) => formatOf(file, undefined))).toEqual([
    'dotenv',
    'dotenv',
    'dotenv',
    'json',
    'yaml',
  ]);
  expect(() => formatOf('secrets.txt', undefined)).toThrow('--format');
});

test('a file that cannot be read is refused without a word of it', () => {
  for (const format of ['json', 'yaml'] as const)
    expect(() => readSecretFile('{"key": "canary', format)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('canary') }),
    );
  expect(() => readSecretFile('canary: &all\n  again: *all', 'yaml')).toThrow('no YAML that can be read');
});

test('variables go where their form says, what is no secret stays out, nesting is a path', () => {
  const token = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6'}`;
  const text = `\ufeffDEBUG=1\nEMPTY=\nBUILT_KEY=x$DEBUG\nREF=supervisor://shop/a/b\nGITHUB_TOKEN=${token}\nOTHER_TOKEN=${token}\n`;
  const { secrets: planned, leftOut } = planImport(readSecretFile(text, 'dotenv'), { project: 'shop' });
  expect(planned.map(({ name, path }) => [name, path])).toEqual([
    ['GITHUB_TOKEN', expect.stringMatching(/^shop\/github\//)],
    ['OTHER_TOKEN', 'shop/app/other_token'],
  ]);
  expect(leftOut.map(({ name, why }) => [name, why])).toEqual([
    ['BUILT_KEY', 'built from DEBUG'],
    ['DEBUG', 'no secret'],
    ['EMPTY', 'empty'],
    ['REF', 'a reference'],
  ]);
  expect(() => planImport(readSecretFile(text, 'dotenv'), {})).toThrow('--prefix');
  const nested = readSecretFile('\ufeff{"stripe": {"key": "fake", "retries": 3}, "bad name": {"x": "y"}}', 'json');
  const plan = planImport(nested, { prefix: 'shop/staging' });
  expect(plan.secrets).toEqual([{ name: 'stripe/key', path: 'shop/staging/stripe/key', value: 'fake' }]);
  expect(plan.leftOut.map(({ name }) => name)).toEqual(['stripe/retries', 'bad name/x']);
});

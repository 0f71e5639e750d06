import { expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findKeys, placesFor, replaceValue, variablesIn } from './dotenv.js';

test.each([
  ['K=abc', 'K=new'],
  ['K = "a b" # why', 'K = new # why'],
  ['export K=abc def  # why\nL=1', 'export K=new  # why\nL=1'],
  ['K=Server=db;Password=x y;\r\nL=1', 'K=new\r\nL=1'],
  ['L=1\nK=', 'L=1\nK=new'],
  ['\ufeffK=abc', '\ufeffK=new'],
  ['export \t K=abc\nexport  L=1', 'export \t K=new\nexport  L=1'],
])('%j becomes %j', (text, changed) => {
  expect(replaceValue(text, 'K', 'new')).toBe(changed);
});

test.each(['K=a\nK=b', 'L="x\nK=a\n"', 'L=1'])('%j is left as it is', (text) => {
  expect(replaceValue(text, 'K', 'new')).toBeUndefined();
});

test('a key of another stage is named after its file, and every name is a path’s', () => {
  const first = (variable: string, file: string) => [...placesFor({ variable, file, value: 'x', proposedPath: 'stripe/key' })].slice(0, 3);
  expect(first('STRIPE_KEY', '.env.local')).toEqual(['stripe/key', 'app/stripe_key', 'app/stripe_key_2']);
  expect(first('_STRIPE_KEY', '.env.production')).toEqual(['production/stripe_key', 'production/stripe_key_2', 'production/stripe_key_3']);
  expect(first('_', '.env.-')[0]).toBe('env/unnamed');
});

test('a name is read without the mark of a file of Windows and the blanks behind export', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dotenv-'));
  writeFileSync(join(folder, '.env'), '\ufeffFIRST=a\r\nexport   SECOND=b\r\n');
  expect(variablesIn(folder).toSorted()).toEqual([
    ['FIRST', 'a'],
    ['SECOND', 'b'],
  ]);
});

test('what a key is built from is told, when it is a variable of the same file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dotenv-'));
  const address = (host: string) => `postgres://app:Bl4ue-horse@${host}/shop`;
  writeFileSync(
    join(folder, '.env'),
    `DB_HOST=db\nA_URL=${address('${DB_HOST}')}\nB_URL=${address('$DB_HOST')}\nC_URL=${address('${OTHER}')}\n`,
  );
  expect(Object.fromEntries(findKeys(folder).map(({ variable, builtFrom }) => [variable, builtFrom]))).toEqual({
    A_URL: 'DB_HOST',
    B_URL: 'DB_HOST',
    C_URL: undefined,
  });
});

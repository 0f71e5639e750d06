import { expect, test } from '@jest/globals';
import { placesFor, replaceValue } from './dotenv.js';

test.each([
  ['K=abc', 'K=new'],
  ['K = "a b" # why', 'K = new # why'],
  ['export K=abc def  # why\nL=1', 'export K=new  # why\nL=1'],
  ['K=Server=db;Password=x y;\r\nL=1', 'K=new\r\nL=1'],
  ['L=1\nK=', 'L=1\nK=new'],
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

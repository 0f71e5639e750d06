import { expect, test } from '@jest/globals';
import { withoutRule, withRule } from './merge.js';
import type { Rule } from './rule.js';

const last: Rule = { service: 'http_status:503' };
const rule = (hostname: string, path = '', service = 'http://localhost:1'): Rule => ({ hostname, service, ...(path ? { path } : {}) });
const names = (rules: readonly Rule[]) => rules.map(({ hostname = '', path = '' }) => hostname + path);

test('the first rule brings a catch-all with it', () => {
  expect(withRule([], rule('a.example.com'))).toEqual([rule('a.example.com'), { service: 'http_status:404' }]);
});

test('a rule stands before the first that would answer in its stead, and behind all others', () => {
  const rules = [rule('b.example.com'), rule('*.example.com'), rule('*.org'), last];
  expect(names(withRule(rules, rule('a.example.com')))).toEqual(['b.example.com', 'a.example.com', '*.example.com', '*.org', '']);
  expect(names(withRule(rules, rule('b.example.com', '/x')))).toEqual(['b.example.com/x', 'b.example.com', '*.example.com', '*.org', '']);
  expect(names(withRule(rules, rule('a.net')))).toEqual(['b.example.com', '*.example.com', '*.org', 'a.net', '']);
});

test('a rule is changed where it stands', () => {
  const rules = [rule('a.example.com'), rule('b.example.com'), last];
  expect(withRule(rules, rule('A.example.com', '', 'http://localhost:2'))).toEqual([
    rule('A.example.com', '', 'http://localhost:2'),
    rule('b.example.com'),
    last,
  ]);
});

test('what is taken out leaves the others, unknown fields and all', () => {
  const others = [
    { ...rule('b.example.com'), unknown: 1 },
    { ...last, originRequest: { x: 1 } },
  ];
  expect(withoutRule([rule('a.example.com'), ...others], rule('a.example.com'))).toEqual(others);
  expect(withoutRule(others, rule('a.example.com'))).toEqual(others);
  expect(withoutRule([rule('a.example.com')], rule('a.example.com'))).toEqual([{ service: 'http_status:404' }]);
});

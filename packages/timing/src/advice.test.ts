import { expect, test } from '@jest/globals';
import { adviceOn, span } from './advice.js';
import type { Estimate } from './estimate/estimator.js';

const found: Estimate = { p10: 1080, p50: 1300, p80: 1450, p90: 1500, basis: 'seconds', scope: 'project', count: 15, ofType: 40 };
const task = { project: 'shop', type: 'bug_fix' };

test.each([
  [1080, 1500, '18–25 minutes'],
  [0.5, 3, '0.5–3 seconds'],
  [300, 300, '5 minutes'],
  [60, 60, '60 seconds'],
  [3600, 10_800, '1–3 hours'],
  [86_400, 259_200, '1–3 days'],
  [354, 57_437, '5.9 minutes to 16 hours'],
  [45, 172, '45 seconds to 2.9 minutes'],
  [0, 720, '0–12 minutes'],
])('%d to %d seconds reads %s', (from, to, text) => {
  expect(span(from, to)).toBe(text);
});

test('a sentence says the interval, what it rests on, how the last ones held and how own estimates turn out', () => {
  expect(adviceOn(task, found, 15, null, null).sentence).toBe('18–25 minutes, from 15 similar tasks (bug_fix in shop).');
  const own = { ...task, estimatedSeconds: 7200 };
  expect(adviceOn(own, found, 300, { held: 158, of: 200, type: 'bug_fix' }, 0.2).sentence).toBe(
    '18–25 minutes, from 15 similar tasks (bug_fix in shop); our 80 % intervals held 79 % of the last 200 bug_fix; such tasks usually take 0.2 times the own estimate.',
  );
  expect(adviceOn(task, found, 300, { held: 15, of: 20, type: null }, null).sentence).toContain('75 % of the last 20 of all types.');
  expect(adviceOn(task, found, 300, { held: 15, of: 19, type: null }, null).sentence).not.toContain('held');
  expect(adviceOn(task, { ...found, scope: 'type', count: 40 }, 90, null, null).sentence).toContain('(bug_fix in all projects)');
  for (const [ofType, words] of [
    [0, 'none'],
    [3, '3'],
  ] as const) {
    const { sentence } = adviceOn(task, { ...found, scope: 'all', count: 90, ofType }, 90, null, null);
    expect(sentence).toContain(`from 90 tasks of all types, ${words} of them bug_fix`);
  }
});

test('with too little history there is no number', () => {
  expect(adviceOn(task, null, 3, null, null)).toMatchObject({
    p10Seconds: null,
    p50Seconds: null,
    count: 0,
    level: null,
    sentence: 'No estimate yet: 3 tasks have been completed here, and it takes 5.',
  });
  expect(adviceOn(task, null, 1, null, null).sentence).toContain('1 task has been');
});

import { expect, test } from '@jest/globals';
import { IdleWatch } from './idle.js';

test('half an hour without session or request is idle', () => {
  let [now, sessions] = [0, 1];
  const minutes = (count: number) => (now = count * 60_000);
  const watch = new IdleWatch(
    () => sessions,
    () => now,
  );
  minutes(90);
  expect(watch.isIdle()).toBe(false);
  sessions = 0;
  minutes(119);
  expect(watch.isIdle()).toBe(false);
  watch.touch();
  minutes(148);
  expect(watch.isIdle()).toBe(false);
  minutes(149);
  expect(watch.isIdle()).toBe(true);
});

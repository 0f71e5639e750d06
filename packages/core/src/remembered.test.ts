import { expect, test } from '@jest/globals';
import { remembered } from './remembered.js';

test('is made once for all who ask, and again after a failure', async () => {
  let made = 0;
  const get = remembered(async () => {
    if (++made === 1) throw new Error('not yet');
    return made;
  });
  const first = [get(), get()];
  await Promise.all(first.map((each) => expect(each).rejects.toThrow('not yet')));
  expect(await Promise.all([get(), get()])).toEqual([2, 2]);
  expect(await get()).toBe(2);
});

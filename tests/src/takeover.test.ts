import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findService, readServiceNote } from '@supervisor/client';
import { TestHome } from './harness.js';

let home: TestHome;
beforeEach(async () => {
  home = await TestHome.create();
  await home.start();
});
afterEach(() => home.remove());

const hello = async (build: object) => {
  const rpc = (await findService(home.home))!;
  const answer = (await rpc.request('hello', { role: 'agent', build })) as { outdated?: boolean; pid: number };
  rpc.close();
  return answer;
};

test('an older service makes way for a newer build, and for no other', async () => {
  const { pid } = readServiceNote(home.home)!;
  expect((await hello({ id: 'older', at: '2000-01-01T00:00:00.000Z' })).outdated).toBeUndefined();
  expect((await hello({ id: 'newer', at: '2999-01-01T00:00:00.000Z' })).outdated).toBe(true);
  // The next caller finds a service again: the pipe, the command line and connect() start one.
  expect((await home.cli('status')).code).toBe(0);
  expect(readServiceNote(home.home)!.pid).not.toBe(pid);
});

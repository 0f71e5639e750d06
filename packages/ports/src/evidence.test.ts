import { expect, test } from '@jest/globals';
import { judge } from './evidence.js';
import type { Listener } from './listener.js';

const shop = { project: 'shop', instance: '' };
const at = (cwd: string | null, command = 'node'): Listener => ({
  port: 3100,
  family: 'IPv4',
  address: '0.0.0.0',
  uid: 1000,
  process: cwd === null ? null : { pid: 4_000_000, command, cwd },
});
const projectOf = ({ cwd }: { cwd: string | null }) => {
  const [, project, instance] = cwd?.split('/') ?? [];
  return { project: project || undefined, instance };
};
const stateOf = (listeners: Listener[] | null, owner = shop) => judge(owner, listeners, projectOf).state;

test.each([
  ['nobody', [], 'idle'],
  ['its project', [at('/shop')], 'confirmed'],
  ['another project', [at('/blog')], 'taken'],
  ['a process of no project', [at('/')], 'taken'],
  ['another worktree', [at('/shop/feature')], 'taken'],
  ['another user’s process', [at(null)], 'unknown'],
  ['a container’s proxy', [at('/', 'docker-proxy')], 'unknown'],
  ['its project beside a process that cannot be seen', [at(null), at('/shop')], 'confirmed'],
  ['somebody, but it cannot be seen who', null, 'unknown'],
])('%s listens', (_who, listeners, state) => {
  expect(stateOf(listeners as Listener[] | null)).toBe(state);
});

test('a copy that the project named itself is run from its main folder', () => {
  expect(stateOf([at('/shop')], { project: 'shop', instance: 'second' })).toBe('confirmed');
  expect(stateOf([at('/shop/feature')], { project: 'shop', instance: 'feature' })).toBe('confirmed');
});

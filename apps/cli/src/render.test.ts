import { expect, test } from '@jest/globals';
import { render } from './render.js';

test('fields without a value are not shown, at any depth', () => {
  expect(render({ port: 3100, owner: null, allocation: { service: 'web', expiresAt: null, tags: [] }, backups: { newest: null } })).toBe(
    'port        3100\nallocation  service web',
  );
  expect(render({ ports: [{ port: 3100, until: null, by: { host: null } }] })).toBe('port\n3100');
  expect(render({ ports: [] })).toBe('no ports');
});

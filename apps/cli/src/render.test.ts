import { expect, test } from '@jest/globals';
import { render, renderOnly } from './render.js';

test('fields without a value are not shown, at any depth', () => {
  expect(render({ port: 3100, owner: null, allocation: { service: 'web', expiresAt: null, tags: [] }, backups: { newest: null } })).toBe(
    'port        3100\nallocation  service web',
  );
  expect(render({ ports: [{ port: 3100, until: null, by: { host: null } }] })).toBe('port\n3100');
  expect(render({ ports: [] })).toBe('no ports');
});

test('text of several lines keeps them, without what a terminal would obey', () => {
  expect(render({ path: 'a/b', value: 'one\n\ttwo\x1b[31m\n' })).toBe('path  a/b\n\nvalue\none\n    two [31m\n');
});

test('a field alone is text to the letter for a program', () => {
  expect(renderOnly('a\x1bb\n', false, false)).toBe('a\x1bb\n');
  expect(renderOnly('a\x1bb', false, true)).toBe('a b\n');
  expect(renderOnly(3100, false, false)).toBe('3100\n');
  expect(renderOnly('a', true, false)).toBe('"a"\n');
  expect(renderOnly([{ port: 3100 }], false, false)).toBe('port\n3100\n');
});

test('numbers are rounded, and a cursor comes last', () => {
  expect(render({ mean: 0.5359999999999999, ratio: 0.00014180555, tasks: 12345, seconds: 61.23456, nextCursor: 'abc' })).toBe(
    'mean     0.536\nratio    0.000142\ntasks    12345\nseconds  61.23\n\nThere is more: --cursor abc',
  );
});

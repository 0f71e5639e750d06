import { expect, test } from '@jest/globals';
import { checkReachable, localUrl, originsOf, parseHost } from './address.js';

test('a host is an address, never a name', () => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::', '::1', '10.1.2.3', 'fd00::7']) expect(parseHost(host)).toBe(host);
  for (const host of ['localhost', 'example.com', '256.1.1.1', '10.0.0.1:80', '*']) expect(() => parseHost(host)).toThrow('IP address');
});

test('only loopback does without a public URL', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1']) expect(() => checkReachable({ host })).not.toThrow();
  for (const host of ['0.0.0.0', '::', '10.1.2.3']) {
    expect(() => checkReachable({ host })).toThrow('SUPERVISOR_PUBLIC_URL');
    expect(() => checkReachable({ host, publicUrl: 'https://x' })).not.toThrow();
  }
});

test('requests are answered under the names that lead here, and no other', () => {
  const local = ['http://127.0.0.1:3099', 'http://localhost:3099', 'http://[::1]:3099'];
  expect(originsOf({ host: '127.0.0.1', port: 3099 })).toEqual(local);
  expect(originsOf({ host: '0.0.0.0', port: 3099, publicUrl: 'https://team.example' })).toEqual(['https://team.example', ...local]);
  expect(originsOf({ host: '10.1.2.3', port: 80, publicUrl: 'http://10.1.2.3' })).toEqual(['http://10.1.2.3', 'http://10.1.2.3:80']);
  expect(originsOf({ host: '127.0.0.2', port: 80 })).toContain('http://127.0.0.2:80');
  expect(localUrl({ host: '::', port: 1 })).toBe('http://127.0.0.1:1');
  expect(localUrl({ host: 'fd00::7', port: 1 })).toBe('http://[fd00::7]:1');
});

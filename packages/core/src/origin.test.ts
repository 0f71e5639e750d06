import { expect, test } from '@jest/globals';
import { isPlain, parseOrigin } from './origin.js';

test('an origin is a scheme, a host and a port', () => {
  expect(parseOrigin('https://Supervisor.Example.com/', 'X')).toBe('https://supervisor.example.com');
  expect(parseOrigin('http://10.1.2.3:3099', 'X')).toBe('http://10.1.2.3:3099');
  const refused = ['supervisor.example.com', 'ftp://x', 'https://x/path', 'https://x/?q', 'https://x/#h', 'https://user:pw@x', ''];
  for (const text of refused) expect(() => parseOrigin(text, 'The URL')).toThrow('The URL must be like https://');
});

test('plain http to another machine is told apart', () => {
  expect(['http://10.1.2.3', 'http://team.example:3099', 'http://127.0.0.1.evil.example'].map(isPlain)).toEqual([true, true, true]);
  const fine = ['https://team.example', 'http://localhost:3099', 'http://127.0.0.1', 'http://[::1]:1'];
  expect(fine.map(isPlain)).toEqual(fine.map(() => false));
});

import { expect, test } from '@jest/globals';
import { homeAt } from './home.js';

test('a home with a long path has its socket where every process of its user looks', () => {
  const long = `/srv/${'long/'.repeat(20)}`;
  const before = process.env['TMPDIR'];
  try {
    const places = ['/tmp', '/var/tmp'].map((folder) => {
      process.env['TMPDIR'] = folder;
      return homeAt(long).socket;
    });
    expect(places[0]).toBe(places[1]);
    expect(Buffer.byteLength(places[0]!)).toBeLessThan(100);
    expect(homeAt('/srv/home').socket).toBe('/srv/home/supervisor.sock');
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});

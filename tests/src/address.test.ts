import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { programs, TestHome } from './harness.js';

// Several starts each.
jest.setTimeout(240_000);

let home: TestHome;
beforeEach(async () => {
  home = await TestHome.create({ SUPERVISOR_HOST: '0.0.0.0', SUPERVISOR_PUBLIC_URL: 'https://team.example/' });
});
afterEach(() => home.remove());

/** As a TLS proxy passes a request on: fetch would not let a Host header through. */
function get(address: string, headers: Record<string, string>): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const authorization = `Bearer ${readFileSync(home.home.token, 'utf8').trim()}`;
  return new Promise((resolve, reject) => {
    request(
      { host: address, port: home.env['SUPERVISOR_PORT'], path: '/api/v1/status', headers: { authorization, ...headers } },
      (response) => resolve({ status: response.resume().statusCode!, headers: response.headers }),
    )
      .once('error', reject)
      .end();
  });
}

test('a service for others answers under its public URL and on loopback, and nowhere else', async () => {
  await home.start();
  const status = async (headers: Record<string, string>) => (await get('127.0.0.2', headers)).status;
  expect(await status({ host: 'team.example' })).toBe(200);
  expect(await status({ host: 'Team.example:443', origin: 'https://team.example' })).toBe(200);
  expect(await status({ host: `127.0.0.1:${home.env['SUPERVISOR_PORT']}` })).toBe(200);
  expect(await status({ host: 'team.example:8443' })).toBe(403);
  expect(await status({ host: 'evil.example', 'x-forwarded-host': 'team.example' })).toBe(403);
  expect(await status({ host: 'team.example', origin: 'http://team.example' })).toBe(403);
  expect(await status({ host: 'team.example', origin: 'https://team.example.evil.example' })).toBe(403);
  expect((await get('127.0.0.1', { host: 'team.example' })).headers['strict-transport-security']).toBe('max-age=31536000');
});

test('later starts obey the first one, and loopback needs no public URL', async () => {
  await home.start();
  await home.stop();
  delete home.env['SUPERVISOR_HOST'];
  delete home.env['SUPERVISOR_PUBLIC_URL'];
  await home.start();
  expect((await get('127.0.0.2', { host: 'team.example' })).status).toBe(200);
  await home.stop();
  home.env['SUPERVISOR_HOST'] = '127.0.0.1';
  await home.start();
  await expect(get('127.0.0.2', {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('all that is wrong with an address is said at once, before anything is made', async () => {
  const { code, stderr } = await home.run([programs.api], '', {
    SUPERVISOR_PORT: '70000',
    SUPERVISOR_HOST: 'localhost',
    SUPERVISOR_PUBLIC_URL: '',
    DB_NAME: 'x',
  });
  expect(code).toBe(1);
  expect(stderr.trim().split('\n')).toEqual([
    'Supervisor cannot start:',
    expect.stringMatching(/^- .*DB_HOST/),
    expect.stringMatching(/^- SUPERVISOR_PORT/),
    expect.stringMatching(/^- SUPERVISOR_HOST must be an IP address/),
  ]);
  const open = await home.run([programs.api], '', { SUPERVISOR_PUBLIC_URL: '' });
  expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('set SUPERVISOR_PUBLIC_URL to the URL they use') });
});

test('an address that is not this machine’s is named, and the socket serves all the same', async () => {
  home.env['SUPERVISOR_HOST'] = '192.0.2.1';
  const child = home.spawn([programs.api], { stdio: ['ignore', 'pipe', 'inherit'] });
  let banner = '';
  await new Promise<void>((resolve) => {
    child.stdout!.on('data', (chunk) => {
      banner += String(chunk);
      if (banner.includes('Keep a copy')) resolve();
    });
  });
  expect(banner).toContain('192.0.2.1 is no address of this machine');
  expect((await home.cli('status')).stdout).toContain('embedded');
});

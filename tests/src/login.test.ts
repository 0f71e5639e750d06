import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callTool, programs, TestHome } from './harness.js';

let there: TestHome;
let here: TestHome;
let token: string;
beforeAll(async () => {
  [there, here] = [await TestHome.create(), await TestHome.create()];
  await there.start();
  token = readFileSync(there.home.token, 'utf8').trim();
});
afterAll(() => Promise.all([there.remove(), here.remove()]));

const login = (url: string, text: string) => here.run([programs.cli, 'login', url], text);
const kept = () => JSON.parse(readFileSync(here.home.logins, 'utf8')) as Record<string, { token: string }>;

test('what is no token, or no Supervisor, is said and nothing is kept', async () => {
  expect((await login(there.url, 'sup_000000000000_x\n')).stderr).toContain('does not know this token');
  expect((await login(there.url, '')).stderr).toContain('That is no token');
  expect((await login('http://127.0.0.1:1', token)).stderr).toMatch(/cannot be reached \(.+\)\. Nothing was kept/);
  expect((await login(`${there.url}/mcp`, token)).stderr).toContain('without user, path or query');
  expect((await login('team.example', token)).stderr).toContain('must be like https://');
  const [other, url] = await serve();
  expect((await login(url, token)).stderr).toContain('not as Supervisor does');
  other.close();
  expect(() => statSync(here.home.logins)).toThrow('ENOENT');
});

test('a login is all that a pipe needs, and the token shows nowhere', async () => {
  const { code, stdout, stderr } = await login(`${there.url}/`, `${token}\n`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`supervisor mcp --url ${there.url}`);
  expect(stdout).not.toContain(token);
  expect(kept()[there.url]).toMatchObject({ token });
  expect(statSync(here.home.logins).mode & 0o777).toBe(0o600);
  const client = await here.client(['--url', there.url, '--project', 'shop']);
  expect(await callTool(client, 'allocate_port', { service: 'web' })).toMatchObject({ structuredContent: { port: 3100, project: 'shop' } });
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(token);
  // It is for its origin alone.
  const elsewhere = await here.run([programs.pipe, '--url', there.url.replace('127.0.0.1', 'localhost')], '');
  expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining('supervisor login http://localhost') });
});

test('logout forgets it, and names how it ends there', async () => {
  await login(there.url, token);
  const { stdout } = await here.run([programs.cli, 'logout', there.url]);
  expect(stdout).toContain(`supervisor tokens revoke ${token.split('_')[1]}`);
  expect(kept()).toEqual({});
  expect(await here.run([programs.cli, 'logout', there.url])).toMatchObject({ code: 1, stderr: expect.stringContaining('no login') });
});

async function serve(): Promise<[Server, string]> {
  const server = createServer((_request, response) => response.end('<html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return [server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
}

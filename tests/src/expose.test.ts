import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findService, readServiceNote } from '@supervisor/client';
import { CloudflareFake } from '@supervisor/fakes';
import { programs, TestHome } from './harness.js';

let home: TestHome;
let fake: CloudflareFake;
const bin = () => join(home.work, '..', 'bin');

async function asOwner(operation: string, input: object): Promise<unknown> {
  const rpc = (await findService(home.home))!;
  await rpc.request('hello', { role: 'owner', project: 'shop' });
  try {
    return await rpc.request('call', { operation, input });
  } finally {
    rpc.close();
  }
}

beforeAll(async () => {
  fake = new CloudflareFake();
  await fake.listen();
  home = await TestHome.create();
  writeFileSync(join(home.work, '.supervisor.json'), '{"project":"shop"}');
  await home.start();
  mkdirSync(bin());
  const script = '#!/bin/sh\necho "cloudflared $*"\necho "$TUNNEL_TOKEN"\n';
  writeFileSync(join(bin(), 'cloudflared'), script);
  chmodSync(join(bin(), 'cloudflared'), 0o755);
});
afterAll(async () => {
  await home.remove();
  await fake.close();
});

test('an agent sees the tools of cloud once an account is set, and not before', async () => {
  const names = async (args: string[] = []) => {
    const client = await home.client(args);
    // The first list comes from the build; the service's own is asked for as soon as it answers.
    for (let tries = 0; tries < 100; tries++) {
      const shown = (await client.listTools()).tools.map(({ name }) => name);
      if (tries > 20 || shown.includes('expose_service')) return shown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return [];
  };
  expect(await names()).not.toContain('expose_service');
  await home.run([programs.cli, 'secrets', 'store', 'meta/cloudflare/token'], fake.token);
  const settings = { account: 'main', accountId: fake.account, tokenPath: 'meta/cloudflare/token', baseUrl: fake.url };
  await asOwner('set_cloudflare_account', settings);
  const shown = await names();
  expect(shown).toEqual(
    expect.arrayContaining(['expose_service', 'list_dns_records', 'unexpose_service', 'upsert_dns_record', 'allocate_port']),
  );
  expect(await names(['--toolsets', 'default'])).not.toContain('expose_service');
  expect(await names(['--read-only'])).not.toContain('expose_service');
});

test('an agent exposes its service, a person runs the connector, and nothing is left afterwards', async () => {
  const client = await home.client();
  const call = async (name: string, input: object) => {
    const answer = await client.callTool({ name, arguments: input as Record<string, unknown> });
    return (answer.structuredContent ?? answer.content) as Record<string, any>;
  };
  const exposed = await call('expose_service', { hostname: 'shop.example.com', access: 'public', service: 'web' });
  expect(exposed).toMatchObject({ url: 'https://shop.example.com', complete: false, run: 'supervisor tunnel run' });
  const { port } = await call('allocate_port', { service: 'web' });
  expect(exposed['port']).toBe(port);
  const [tunnel] = [...fake.state.tunnels.values()];
  fake.state.connect(tunnel!);
  expect(await call('expose_service', { hostname: 'shop.example.com', access: 'public', port })).toMatchObject({
    complete: true,
    run: null,
  });
  fake.state.disconnect(tunnel!);
  // Whoever got the port next would be reachable under that name.
  const kept = await client.callTool({ name: 'release_port', arguments: { service: 'web' } });
  expect(JSON.stringify(kept.content)).toContain('unexpose shop.example.com');
  expect(await call('allocate_port', { service: 'web' })).toMatchObject({ port, created: false });
  expect(await call('unexpose_service', { hostname: 'shop.example.com' })).toEqual({ removed: true, warnings: [] });
  expect([fake.state.records.size, [...fake.state.tunnels.values()].filter(({ deletedAt }) => deletedAt === null)]).toEqual([0, []]);
});

test('tunnel run gives cloudflared its token in the environment, never in an argument or on the screen', async () => {
  await home.cli('cloudflare', 'ensure-tunnel');
  const withIt = { PATH: `${bin()}:${process.env['PATH']}` };
  const { code, stdout, stderr } = await home.run([programs.cli, 'tunnel', 'run'], '', withIt);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^cloudflared tunnel --no-autoupdate run\n\[secret:tunnel\/supervisor-\w+\]\n$/),
  });
  expect(stderr).toContain('Running cloudflared');
  const missing = await home.run([programs.cli, 'tunnel', 'run'], '', { PATH: '/nowhere' });
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('Install it') });
});

test('a service that was killed half-way finishes at its next start', async () => {
  const config = 'PUT /client/v4/accounts/{account}/cfd_tunnel/{tunnel}/configurations';
  fake.server.faults.add({ on: config, what: 'hang-before' });
  const client = await home.client();
  void client
    .callTool({ name: 'expose_service', arguments: { hostname: 'two.example.com', access: 'public', service: 'web' } })
    .catch(() => {});
  for (let tries = 0; fake.server.faults.played === 0 && tries < 400; tries++) await new Promise((resolve) => setTimeout(resolve, 25));
  process.kill(readServiceNote(home.home)!.pid, 'SIGKILL');
  await client.close();
  await home.start();
  for (let tries = 0; fake.state.records.size === 0 && tries < 400; tries++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect([...fake.state.records.values()]).toMatchObject([{ name: 'two.example.com', type: 'CNAME' }]);
  const { exposures } = (await asOwner('list_exposures', {})) as { exposures: unknown[] };
  expect(exposures).toMatchObject([{ hostname: 'two.example.com', state: expect.stringMatching(/exposed|exposing/) }]);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudflareFake } from '@supervisor/fakes';
import { root } from './harness.js';

// Cloudflare's own client, against the fake: what it can use is like Cloudflare.
const driver = join(root, 'tools/contract/drive-cloudflare-sdk.mjs');

let fake: CloudflareFake;
beforeAll(async () => {
  fake = new CloudflareFake();
  await fake.listen();
});
afterAll(() => fake.close());

test('the official SDK finds in the fake what it expects of Cloudflare', async () => {
  const env = { ...process.env, CLOUDFLARE_API: fake.url, CLOUDFLARE_ACCOUNT: fake.account, CLOUDFLARE_TOKEN: fake.token };
  const { stdout } = await promisify(execFile)(process.execPath, [driver], { env, timeout: 290_000 });
  if (stdout.startsWith('skipped:')) return console.log(stdout.trim());
  expect(JSON.parse(stdout)).toEqual({
    token: 'active',
    zones: ['example.com'],
    made: { name: 'a.example.com', type: 'A', content: '192.0.2.1', proxied: true, ttl: 1 },
    edited: '192.0.2.2',
    again: 81058,
    listed: ['a.example.com'],
    paged: 150,
    tunnel: { name: 'from-the-sdk', status: 'inactive' },
    rules: [{ hostname: 'a.example.com', service: 'http://localhost:3000' }, { service: 'http_status:404' }],
    tunnelToken: true,
    refused: 400,
    left: { records: 0, tunnels: 0 },
  });
  expect(fake.server.log.filter(({ route }) => route === undefined)).toEqual([]);
}, 300_000);

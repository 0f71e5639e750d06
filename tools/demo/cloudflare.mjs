import { CloudflareFake } from '@supervisor/fakes';

/** Cloudflare with the zone example.com, its account set, and what to try. */
export async function cloudflareDemo({ call }) {
  const fake = new CloudflareFake();
  await fake.listen();
  await call('store_secret', { path: 'meta/cloudflare/token', value: fake.token });
  const account = { account: 'demo', accountId: fake.account, tokenPath: 'meta/cloudflare/token', baseUrl: fake.url };
  await call('set_cloudflare_account', account);
  const lines = [
    '# Cloudflare, with the zone example.com',
    `export CLOUDFLARE_API=${fake.url} CLOUDFLARE_ACCOUNT=${fake.account} CLOUDFLARE_TOKEN=${fake.token}`,
    'supervisor cloudflare verify-token',
    'supervisor ports allocate web',
    'supervisor expose shop.example.com public --service web',
    'supervisor cloudflare list-exposures',
    'supervisor cloudflare list-dns-records',
    'supervisor cloudflare upsert-dns-record api.example.com A 192.0.2.10',
    'supervisor cloudflare sync-dns-records',
    'supervisor unexpose shop.example.com',
  ];
  return { lines, close: () => fake.close() };
}

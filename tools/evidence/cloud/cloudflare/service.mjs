// A real service beside the fake, as its owner sets it up.
import { CloudflareFake } from '@supervisor/fakes';
import { query, until } from '../../harness.mjs';

/** @param url of a PostgreSQL; embedded when absent */
export async function openService(stage, url) {
  const fake = new CloudflareFake();
  await fake.listen();
  stage.onEnd(() => fake.close());
  const settings = url ? { DATABASE_URL: url, ENCRYPTION_KEY: 'c1f0'.repeat(16) } : {};
  const home = await stage.home({ settings });
  await home.start();
  const call = await ownerOf(home);
  await call('store_secret', { path: 'meta/cloudflare/token', value: fake.token });
  const account = { account: 'main', accountId: fake.account, tokenPath: 'meta/cloudflare/token', baseUrl: fake.url };
  await call('set_cloudflare_account', account);
  return { home, fake, call };
}

/** Calls operations as the owner. */
export async function ownerOf(home) {
  const session = await home.session({ role: 'owner', project: 'shop' });
  return (operation, input) => session.request('call', { operation, input });
}

/** Kills the service, and starts it again after the leases it held have run out. */
export async function killAndStart(home, url) {
  const pid = home.servicePid();
  process.kill(pid, 'SIGKILL');
  await until(() => home.servicePid() === undefined, 5000, 'the killed service to be gone');
  if (url) {
    for (const table of ['cloudflare_exposures', 'cloudflare_tunnels', 'cloudflare_dns_records'])
      await query(url, `update supervisor.${table} set lease_until = now() - interval '1 second' where lease_until is not null`);
  }
  await home.start();
}

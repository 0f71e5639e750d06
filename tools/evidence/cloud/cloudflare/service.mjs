// A real service beside the fake, as its owner sets it up.
import { CloudflareFake } from '@supervisor/fakes';
import { ownerOf } from '../owner.mjs';

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

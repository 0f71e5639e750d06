// Uses the fake through Cloudflare's own SDK, and prints what came of it as JSON; `skipped: …` when the SDK cannot be installed.
import { installSdk } from './install-sdk.mjs';

const version = '7.3.0';
const { CLOUDFLARE_API: baseURL, CLOUDFLARE_ACCOUNT: account_id, CLOUDFLARE_TOKEN: apiToken } = process.env;
const require = installSdk('cloudflare', version);
if (require) console.log(JSON.stringify(await drive(require('cloudflare'))));
else console.log('skipped: the registry is away');

async function drive({ default: Cloudflare }) {
  const client = new Cloudflare({ apiToken, baseURL, maxRetries: 0 });
  const said = {};
  said.token = (await client.user.tokens.verify()).status;
  const zones = [];
  for await (const zone of client.zones.list({ account: { id: account_id } })) zones.push(zone);
  said.zones = zones.map(({ name }) => name);
  const { id: zone_id } = zones[0];
  const { records } = client.dns;
  const wish = { zone_id, name: 'a.example.com', type: 'A', content: '192.0.2.1', proxied: true, ttl: 1 };
  const made = await records.create(wish);
  const { name, type, content, proxied, ttl } = made;
  said.made = { name, type, content, proxied, ttl };
  said.again = await records.create(wish).catch((error) => error.errors?.[0]?.code ?? String(error));
  said.edited = (await records.edit(made.id, { ...wish, content: '192.0.2.2' })).content;
  for (let index = 1; index < 150; index++)
    await records.create({ zone_id, name: `n${index}.example.com`, type: 'TXT', content: 'x', ttl: 60 });
  said.listed = (await collect(records.list({ zone_id, name: { exact: 'a.example.com' } }))).map((record) => record.name);
  const all = await collect(records.list({ zone_id, per_page: 40 }));
  said.paged = new Set(all.map(({ id }) => id)).size;
  for (const { id } of all) await records.delete(id, { zone_id });

  const { cloudflared } = client.zeroTrust.tunnels;
  const tunnel = await cloudflared.create({ account_id, name: 'from-the-sdk', config_src: 'cloudflare' });
  said.tunnel = { name: tunnel.name, status: (await cloudflared.get(tunnel.id, { account_id })).status };
  const ingress = [{ hostname: 'a.example.com', service: 'http://localhost:3000' }, { service: 'http_status:404' }];
  await cloudflared.configurations.update(tunnel.id, { account_id, config: { ingress } });
  const { config } = await cloudflared.configurations.get(tunnel.id, { account_id });
  said.rules = config.ingress.map(({ hostname, service }) => ({ ...(hostname ? { hostname } : {}), service }));
  said.tunnelToken = (await cloudflared.token.get(tunnel.id, { account_id })).length > 20;
  said.refused = await cloudflared.configurations
    .update(tunnel.id, { account_id, config: { ingress: ingress.slice(0, 1) } })
    .catch(({ status }) => status);
  await cloudflared.delete(tunnel.id, { account_id });
  const tunnels = await collect(cloudflared.list({ account_id, is_deleted: false }));
  said.left = { records: (await collect(records.list({ zone_id }))).length, tunnels: tunnels.length };
  return said;
}

async function collect(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

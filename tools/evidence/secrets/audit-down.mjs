import { query } from '../harness.mjs';

const canary = 'canary-5e1f-never-released';

/** The trail cannot be written: no surface gives out a value, and nothing is changed. */
export const auditDown = {
  name: 'audit-down',
  goal: 'nothing is released or changed while audit rows cannot be written, everything is afterwards',
  sizes: { attempts: 50 },
  async run(stage, { sizes }) {
    const [url] = await stage.postgres('silent');
    const home = await stage.home({ settings: { DATABASE_URL: url, ENCRYPTION_KEY: 'fade'.repeat(15) + '0001' } });
    await home.start();
    const [agent, owner] = [await home.session({ role: 'agent' }), await home.session({ role: 'owner' })];
    const call = (rpc, operation, input) => rpc.request('call', { operation, input });
    await call(owner, 'store_secret', { path: 'shop/a/key', value: canary });
    const path = encodeURIComponent('shop/a/key');
    const http = async (method, suffix, body) => {
      const headers = { authorization: `Bearer ${home.token()}`, ...(body ? { 'content-type': 'application/json' } : {}) };
      const request = body ? { method, headers, body: JSON.stringify(body) } : { method, headers };
      const response = await fetch(`${home.url}/api/v1/secrets/${path}${suffix}`, request);
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      return text;
    };
    const attempts = {
      'retrieve_secret by an agent': () => call(agent, 'retrieve_secret', { path: 'shop/a/key' }),
      'retrieve_secret as a tool': () => agent.request('tools/call', { name: 'retrieve_secret', arguments: { path: 'shop/a/key' } }),
      'retrieve_secret by REST': () => http('GET', '/value'),
      'use_secrets by the owner': () => call(owner, 'use_secrets', { paths: ['shop/a/key'] }),
      'store_secret by an agent': () => call(agent, 'store_secret', { path: 'shop/a/key', value: 'changed' }),
      'store_secret by REST': () => http('PUT', '', { value: 'changed' }),
      'destroy_secret by the owner': () => call(owner, 'destroy_secret', { path: 'shop/a/key' }),
      'expose_secret by the owner': () => call(owner, 'expose_secret', { path: 'shop/a/key', exposure: 'use' }),
    };
    const problems = [];
    const tried = async (mayRelease) => {
      for (const [what, attempt] of Object.entries(attempts)) {
        if (mayRelease && !/retrieve|use_/.test(what)) continue;
        const answer = await attempt().then(JSON.stringify, (error) => `refused: ${JSON.stringify(error.details ?? '')} ${error.message}`);
        const released = answer.includes(canary);
        if (released !== mayRelease)
          problems.push(`${what} ${released ? 'released' : 'did not release'} the value: ${answer.replace(canary, '…').slice(0, 200)}`);
        if (!mayRelease && !/^refused|isError|outcome/.test(answer) && !answer.includes('"isError":true'))
          problems.push(`${what} was carried out`);
      }
    };
    await tried(true);
    await query(url, 'alter table supervisor.audit_events rename to elsewhere');
    let count = 0;
    for (; count < sizes.attempts; count += Object.keys(attempts).length) await tried(false);
    const versions = await query(url, 'select version, exposure from supervisor.secrets where project = $$shop$$');
    if (JSON.stringify(versions) !== '[{"version":1,"exposure":"reveal"}]')
      problems.push(`changed without a row: ${JSON.stringify(versions)}`);
    await query(url, 'alter table supervisor.elsewhere rename to audit_events');
    await tried(true);
    return { holds: problems.length === 0, figure: `${count} attempts, ${problems.length} released or changed something`, problems };
  },
};

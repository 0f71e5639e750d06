import { until } from '../../harness.mjs';
import { killAndStart, ownerOf } from '../owner.mjs';
import { countsOf, described, holds, routes, wrongRequests } from './bench.mjs';
import { openService } from './service.mjs';

const leased = ['cloudflare_exposures', 'cloudflare_tunnels', 'cloudflare_dns_records'];

/** The service is killed at each write of an exposure, before and after Cloudflare carried it out, on both databases. */
export const exposeKill = {
  name: 'expose-kill',
  goal: 'after each kill the next start finishes the exposure or takes it back: one tunnel, one rule, one record or none, nothing foreign changed',
  sizes: { kills: 12 },
  async run(stage) {
    const [url] = await stage.postgres('exposed');
    const embedded = await ordeal(stage, undefined);
    const server = await ordeal(stage, url);
    const problems = [...embedded.problems, ...server.problems];
    return { holds: problems.length === 0, figure: `embedded ${embedded.figure}; PostgreSQL ${server.figure}`, problems };
  },
};

async function ordeal(stage, url) {
  const { home, fake } = await openService(stage, url);
  const foreign = fake.state.addRecord(fake.zone('example.com'), {
    name: 'theirs.example.com',
    type: 'A',
    content: '192.0.2.7',
    comment: 'keep',
  });
  const before = JSON.stringify(foreign);
  const problems = [];
  let finished = 0;
  let undone = 0;
  for (const [step, on] of Object.entries(routes)) {
    for (const what of ['hang-before', 'hang-after']) {
      const where = `${url ? 'PostgreSQL' : 'embedded'}, ${step}, ${what}`;
      const hostname = `${step}-${what}.example.com`;
      fake.server.faults.clear();
      const played = fake.server.faults.played;
      fake.server.faults.add({ on, what });
      const call = await ownerOf(home);
      void call('expose_service', { hostname, access: 'public', service: 'web', project: 'shop' }).catch(() => {});
      await until(() => fake.server.faults.played > played, 20_000, `the write of ${where}`);
      await killAndStart(home, url, leased);
      const ask = await ownerOf(home);
      let row;
      await until(
        async () => {
          [row] = (await ask('list_exposures', {})).exposures;
          return row === undefined || row.state === 'exposed';
        },
        120_000,
        `the exposure of ${where} to be finished or undone`,
      );
      const mine = holds(fake).records.filter((record) => record.id !== foreign.id);
      const there = { ...countsOf(fake), records: mine.length };
      const wanted = row ? '{"tunnels":1,"rules":1,"records":1}' : '{"tunnels":0,"rules":0,"records":0}';
      if (JSON.stringify(there) !== wanted) problems.push(`${where}: ${JSON.stringify(there)}, row ${row?.state}`);
      if (row) finished++;
      else undone++;
      await ask('unexpose_service', { hostname, project: 'shop' });
      if (JSON.stringify(fake.state.records.get(foreign.id)) !== before) problems.push(`${where}: what is foreign was changed`);
      stage.progress(where);
    }
  }
  problems.push(...wrongRequests(fake));
  return { problems, figure: `${finished} finished, ${undone} undone; ${described(fake)}` };
}

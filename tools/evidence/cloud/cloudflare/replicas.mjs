import { rows } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { until } from '../../harness.mjs';
import { countsOf, described, openFake, openManager, routes, wrongRequests } from './bench.mjs';

/** Two services of one PostgreSQL take up what a third left behind, at the same moment. */
export const replicas = {
  name: 'two-replicas',
  goal: 'of two that resume at once, one does; the exposure is made once, and who lost its lease changes nothing',
  sizes: { rounds: 25 },
  async run(stage, { sizes }) {
    const [url] = await stage.postgres('replicas');
    const setting = await openFake(stage);
    const { fake } = setting;
    const dying = await openManager(stage, setting, url);
    const pair = [await openManager(stage, setting, url), await openManager(stage, setting, url)];
    const problems = [];
    const stale = new Map();
    for (let round = 0; round < sizes.rounds; round++) {
      const on = Object.values(routes)[round % 3];
      const hostname = `round-${round}.example.com`;
      // Time for the bucket to fill: who waits for its turn would be taken for the slow one.
      await setting.time.sleep(120_000);
      const played = fake.server.faults.played;
      let letGo;
      const held = new Promise((resolve) => (letGo = resolve));
      fake.server.faults.add({ on, what: () => ({ status: 500, body: {} }) });
      // The third one is slow rather than dead: it wakes after its lease has run out.
      const sleeping = slow(dying.manager, setting, held, { project: 'shop', service: 'web', hostname, access: 'public' });
      await until(() => fake.server.faults.played > played, 20_000, `the fault of round ${round}`);
      await dying.db.orm.execute(
        sql`update supervisor.cloudflare_exposures set lease_until = now() - interval '1 second' where state = 'exposing'`,
      );
      for (const table of ['tunnels', 'dns_records'])
        await dying.db.orm.execute(sql.raw(`update supervisor.cloudflare_${table} set lease_until = null`));
      const answers = await Promise.all(pair.map(({ manager }) => manager.resume()));
      const resumed = answers.filter(({ resumed }) => resumed === 1).length;
      if (resumed !== 1) problems.push(`round ${round}: ${resumed} resumed: ${JSON.stringify(answers)}`);
      letGo();
      const outcome = await sleeping;
      stale.set(outcome, (stale.get(outcome) ?? 0) + 1);
      const [row] = await rows(dying.db.orm, sql`select state, fence from supervisor.cloudflare_exposures where hostname = ${hostname}`);
      if (row?.state !== 'exposed' || row.fence !== 2) problems.push(`round ${round}: row ${JSON.stringify(row)}`);
      const there = JSON.stringify(countsOf(fake));
      if (there !== '{"tunnels":1,"rules":1,"records":1}') problems.push(`round ${round}: ${there}`);
      await pair[round % 2].manager.unexpose('shop', hostname);
      fake.server.faults.clear();
      stage.progress(`${round + 1} of ${sizes.rounds}`);
    }
    problems.push(...wrongRequests(fake));
    const lost = [...stale].map(([outcome, number]) => `${outcome} ${number}`).join(', ');
    return {
      holds: problems.length === 0,
      figure: `${sizes.rounds} rounds, each resumed once; the slow one: ${lost}; ${described(fake)}`,
      problems,
    };
  },
};

async function slow(manager, { time }, held, request) {
  const { sleep } = time;
  time.sleep = async (milliseconds) => {
    time.sleep = sleep;
    await held;
    return sleep(milliseconds);
  };
  try {
    await manager.expose(request);
    return 'success';
  } catch (error) {
    return error.code ?? error.name;
  } finally {
    time.sleep = sleep;
  }
}

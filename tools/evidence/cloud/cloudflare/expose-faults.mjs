import { countRows, countsOf, described, noRows, openFake, openManager, wrongRequests } from './bench.mjs';

const whats = ['error-before', 'error-after', 'cut-before', 'cut-after', 'rate-limited'];
const refusals = {
  'already there (81053)': [400, 81053],
  'identical (81058)': [400, 81058],
  'not allowed (10000)': [403, 10000],
  'not found (7003)': [404, 7003],
};
const request = { project: 'shop', service: 'web', hostname: 'shop.example.com', access: 'public' };

/** Every fault of the script at every request of an exposure and of its end: once, for a while, and for good. */
export const exposeFaults = {
  name: 'expose-faults',
  goal: 'success or a typed error each time; never a half state without a row that says so; once the fault is over, all is finished or taken back',
  sizes: { lengths: 2 },
  async run(stage) {
    const setting = await openFake(stage);
    const { manager, db } = await openManager(stage, setting);
    const { fake } = setting;
    const requests = await countRequests(fake, manager);
    const problems = [];
    const tally = new Map();
    const count = (outcome) => tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    for (const [what, fault] of faults()) {
      for (const times of [1, 40]) {
        for (const [call, length] of Object.entries(requests)) {
          for (let after = 0; after < length; after++) {
            if (call === 'unexpose') await manager.expose(request);
            fake.server.faults.add({ what: fault, after, times, retryAfter: times === 1 ? 1 : 120 });
            const where = `${what} × ${times} at request ${after + 1} of ${call}`;
            const outcome = await attempt(manager, call);
            count(outcome);
            const typed = outcome === 'success' || !['internal', 'Error', 'TypeError'].includes(outcome);
            if (!typed) problems.push(`${where}: ${outcome}`);
            problems.push(...(await halfState(fake, db, manager, outcome, call)).map((problem) => `${where}: ${outcome}, ${problem}`));
            fake.server.faults.clear();
            setting.time.sleep(600_000);
            await manager.resume({ alone: true });
            await manager.unexpose('shop', request.hostname).catch((error) => problems.push(`${where}: afterwards ${error.message}`));
            const left = { ...countsOf(fake), ...(await countRows(db)) };
            if (Object.values(left).some((number) => number > 0)) problems.push(`${where}: left ${JSON.stringify(left)}`);
            if (JSON.stringify(left) !== JSON.stringify({ tunnels: 0, rules: 0, records: 0, ...noRows })) await clean(fake, db);
          }
        }
        stage.progress(`${what} × ${times}: ${[...tally.values()].reduce((sum, number) => sum + number)} calls`);
      }
    }
    problems.push(...wrongRequests(fake));
    const outcomes = [...tally].toSorted(([, a], [, b]) => b - a).map(([outcome, number]) => `${outcome} ${number}`);
    return { holds: problems.length === 0, figure: `${outcomes.join(', ')}; ${described(fake)}`, problems };
  },
};

function faults() {
  const scripted = Object.entries(refusals).map(([what, [status, code]]) => [
    what,
    () => ({ status, body: { success: false, errors: [{ code, message: 'scripted' }], messages: [], result: null } }),
  ]);
  return [...whats.map((what) => [what, what]), ...scripted];
}

async function countRequests(fake, manager) {
  const lengths = {};
  for (const call of ['expose', 'unexpose']) {
    const before = fake.server.log.length;
    await attempt(manager, call);
    lengths[call] = fake.server.log.length - before;
  }
  return lengths;
}

async function attempt(manager, call) {
  try {
    if (call === 'expose') await manager.expose(request);
    else await manager.unexpose('shop', request.hostname);
    return 'success';
  } catch (error) {
    return error.code ?? error.name;
  }
}

// Whatever is there without being finished has a row that says in which state it is, and why.
async function halfState(fake, db, manager, outcome, call) {
  const { tunnels, rules, records } = countsOf(fake);
  const [row] = await manager.listExposures();
  if (outcome === 'success' && call === 'expose') return row?.state === 'exposed' && rules === 1 && records === 1 ? [] : ['not exposed'];
  if (outcome === 'success') return row || rules || records ? ['not taken back'] : [];
  if (rules + records > 0 && !row) return [`${rules} rules and ${records} records without a row of their exposure`];
  if (row && row.lastError === null && row.state !== 'exposed') return [`a row in state ${row.state} without a reason`];
  if (tunnels > (await countRows(db)).tunnels) return ['a tunnel without a row'];
  return [];
}

async function clean(fake, db) {
  const { sql } = await import('drizzle-orm');
  fake.state.records.clear();
  fake.state.tunnels.clear();
  for (const table of Object.keys(noRows)) await db.orm.execute(sql.raw(`delete from supervisor.cloudflare_${table}`));
}

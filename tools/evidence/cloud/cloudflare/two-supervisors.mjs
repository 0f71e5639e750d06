import { randomFrom } from '../../harness.mjs';
import { described, openFake, openManager, wrongRequests } from './bench.mjs';

/** Two Supervisors, each with a database of its own, do random things to the same names of one zone at the same time. */
export const twoSupervisors = {
  name: 'two-supervisors',
  goal: 'neither changes what the other or somebody else has: after each of 500 interleavings everything of each is as it left it',
  sizes: { interleavings: 500, names: 6 },
  async run(stage, { seed, sizes }) {
    const setting = await openFake(stage);
    const { fake } = setting;
    const sides = [(await openManager(stage, setting)).manager, (await openManager(stage, setting)).manager];
    const random = randomFrom(seed);
    const zone = fake.zone('example.com');
    const foreign = Array.from({ length: 3 }, (_, index) =>
      fake.state.addRecord(zone, {
        name: `n${index}.example.com`,
        type: index === 0 ? 'A' : 'TXT',
        content: index === 0 ? '192.0.2.99' : 'theirs',
      }),
    ).map((record) => [record.id, JSON.stringify(record)]);
    const problems = [];
    const tally = { success: 0 };
    for (let round = 0; round < sizes.interleavings; round++) {
      // Each counts its own requests only: a pause keeps both together below the limit of the one user.
      await setting.time.sleep(60_000);
      const calls = sides.flatMap((side) =>
        Array.from({ length: 1 + Math.floor(random() * 2) }, () => someCall(side, random, sizes.names)),
      );
      for (const [outcome, what] of await Promise.all(calls.map(run))) {
        tally[outcome] = (tally[outcome] ?? 0) + 1;
        if (!['success', 'not_owned', 'conflict', 'protected', 'already_exists', 'not_found'].includes(outcome))
          problems.push(`round ${round}: ${what}: ${outcome}`);
      }
      for (const [index, side] of sides.entries()) {
        const { differing } = await side.syncRecords({ mend: false });
        // A call that was refused in the middle leaves its own row with the reason; what was live must still be so.
        const hurt = differing.filter(({ problem }) => problem === null);
        if (hurt.length > 0) problems.push(`round ${round}: of side ${index}: ${JSON.stringify(hurt)}`);
      }
      for (const [id, was] of foreign)
        if (JSON.stringify(fake.state.records.get(id)) !== was) problems.push(`round ${round}: foreign ${was} was changed`);
      stage.progress(`${round + 1} of ${sizes.interleavings}`);
      if (problems.length > 20) break;
    }
    problems.push(...wrongRequests(fake));
    const outcomes = Object.entries(tally).map(([outcome, number]) => `${outcome} ${number}`);
    return { holds: problems.length === 0, figure: `${outcomes.join(', ')}; ${described(fake)}`, problems };
  },
};

async function run({ what, call }) {
  try {
    await call();
    return ['success', what];
  } catch (error) {
    return [error.code ?? error.message, what];
  }
}

function someCall(side, random, names) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const name = `n${Math.floor(random() * names)}.example.com`;
  const address = `192.0.2.${1 + Math.floor(random() * 4)}`;
  const exposed = `x${Math.floor(random() * names)}.example.com`;
  const type = pick(['A', 'TXT']);
  const content = type === 'A' ? address : pick(['one', 'two', 'theirs']);
  return pick([
    { what: `upsert ${type} ${name}`, call: () => side.upsertRecord('shop', { name, type, content }) },
    { what: `upsert ${type} ${name}`, call: () => side.upsertRecord('shop', { name, type, content }) },
    { what: `delete ${name}`, call: () => side.deleteRecord('shop', { name, type }) },
    { what: `mend`, call: () => side.syncRecords({ mend: true }) },
    { what: `expose ${exposed}`, call: () => side.expose({ project: 'shop', service: 'web', hostname: exposed, access: 'public' }) },
    { what: `unexpose ${exposed}`, call: () => side.unexpose('shop', exposed) },
  ]);
}

import { described, openFake, openManager, wrongRequests } from './bench.mjs';

const pageSize = 1000;

/** A zone with a thousand records of ours and as many of others. */
export const syncThousand = {
  name: 'sync-thousand',
  goal: 'at most 1 + pages requests for a sync, no write where nothing differs, one write for each record that differs, the limit never hit',
  sizes: { records: 1000, foreign: 500, changed: 25 },
  async run(stage, { sizes }) {
    const setting = await openFake(stage);
    const { fake } = setting;
    const { manager } = await openManager(stage, setting);
    const zone = fake.zone('example.com');
    for (let index = 0; index < sizes.foreign; index++)
      fake.state.addRecord(zone, { name: `f${index}.example.com`, type: 'A', content: '192.0.2.1', comment: 'theirs' });
    for (let index = 0; index < sizes.records; index++) {
      await manager.upsertRecord('shop', { name: `r${index}.example.com`, type: 'A', content: `10.0.${index >> 8}.${index & 255}` });
      stage.progress(`${index} of ${sizes.records} made`);
    }
    const problems = [];
    const pages = Math.ceil((sizes.records + sizes.foreign) / pageSize);
    const measure = async (mend) => {
      const [requests, writes] = [fake.server.log.length, fake.writes];
      const began = performance.now();
      const report = await manager.syncRecords({ mend });
      const milliseconds = Math.round(performance.now() - began);
      return { report, requests: fake.server.log.length - requests, writes: fake.writes - writes, milliseconds };
    };
    const quiet = await measure(true);
    if (quiet.requests > 1 + pages || quiet.writes !== 0 || quiet.report.differing.length > 0)
      problems.push(`without changes: ${quiet.requests} requests, ${quiet.writes} writes, ${quiet.report.differing.length} differing`);
    const ours = fake.state.recordsOf(zone).filter(({ name }) => name.startsWith('r'));
    for (const record of ours.slice(0, sizes.changed)) record.content = '203.0.113.9';
    const looked = await measure(false);
    if (looked.writes !== 0 || looked.report.differing.length !== sizes.changed)
      problems.push(`looking: ${looked.writes} writes, ${looked.report.differing.length} differing`);
    const mended = await measure(true);
    if (mended.writes !== sizes.changed) problems.push(`mending: ${mended.writes} writes`);
    const after = await measure(true);
    if (after.writes !== 0 || after.report.differing.length > 0) problems.push(`after mending: ${after.writes} writes`);
    problems.push(...wrongRequests(fake));
    const figure = `${quiet.requests} requests for ${pages} pages, 0 writes, ${quiet.milliseconds} ms; ${mended.writes} of ${sizes.changed} mended; ${described(fake)}`;
    return { holds: problems.length === 0, figure, problems };
  },
};

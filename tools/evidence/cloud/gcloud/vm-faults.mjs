import { SupervisorError } from '@supervisor/core';
import { openDatabase, openInMemory } from '@supervisor/db';
import { FakeClock, FakeGoogleCloud, fakeTransport } from '@supervisor/fakes';
import { GCloudManager } from '@supervisor/gcloud';
import { sql } from 'drizzle-orm';
import { judgeRequests, zone } from './service.mjs';

const kinds = ['error-before', 'error-after', 'cut-before', 'cut-after', 'rate-limited', 'hang-before', 'hang-after'];
const times = [1, 9];

/** Every scripted fault at every request of every kind of operation; then two processes take up at once what was left. */
export const vmFaults = {
  name: 'vm-faults',
  goal: 'success or a typed error, a row for every half state, one of two that resume at once does it, all settled in the end, no second VM',
  sizes: { faults: kinds.length, repeats: times.length },
  async run(stage) {
    const [url] = await stage.postgres('faults');
    const results = [await ordeal(stage, await openInMemory(), 'embedded'), await ordeal(stage, await openDatabase(url), 'PostgreSQL')];
    const problems = results.flatMap((result) => result.problems);
    return { holds: problems.length === 0, figure: results.map(({ figure }) => figure).join('; '), problems };
  },
};

async function ordeal(stage, db, what) {
  stage.onEnd(() => db.close());
  const clock = new FakeClock();
  const google = new FakeGoogleCloud({ clock, operationSeconds: 4 });
  await google.listen();
  stage.onEnd(() => google.close());
  const key = google.identity.newKey();
  const transport = { ...fakeTransport(clock), fetch: impatient };
  const manager = () => new GCloudManager({ db, secret: async () => key, transport });
  const gcloud = manager();
  await gcloud.setAccount('main', {
    gcpProject: google.world.project,
    keyPath: 'meta/gcloud/key',
    computeUrl: google.url,
    monitoringUrl: google.url,
  });
  await gcloud.setLimits('main', { zones: [zone] });
  const { orm } = db;
  const one = async (text) => (await orm.execute(sql.raw(text))).rows[0];
  const problems = [];
  const wrong = (text) => {
    problems.push(text);
    stage.note(text);
  };
  const codes = {};
  let calls = 0;
  let twice = 0;

  for (const [kind, prepare, act] of acts) {
    for (const fault of kinds) {
      for (const repeats of times) {
        for (let nth = 0; ; nth++) {
          const where = `${what}, ${kind}, ${fault} × ${repeats} from request ${nth + 1} on`;
          google.faults.clear();
          for (const map of [google.world.instances, google.world.disks]) map.clear();
          await orm.execute(sql`delete from supervisor.gcloud_vms`);
          google.world.inserted = 0;
          await prepare(gcloud);
          const before = google.faults.played;
          google.faults.add({ what: fault, after: nth, times: repeats, retryAfter: 2 });
          const code = await act(gcloud).then(
            () => 'ok',
            (error) => (error instanceof SupervisorError ? error.code : `untyped ${error.name}`),
          );
          calls++;
          codes[code] = (codes[code] ?? 0) + 1;
          if (!['ok', 'provider_unavailable', 'rate_limited'].includes(code)) wrong(`${where}: ${code}`);
          google.faults.clear();
          const fences = new Map(
            (await orm.execute(sql`select id, fence from supervisor.gcloud_operations where ended_at is null`)).rows.map((row) => [
              row.id,
              row.fence,
            ]),
          );
          await orm.execute(sql`update supervisor.gcloud_operations set lease_until = null`);
          await Promise.all([manager().resume(), manager().resume()]);
          for (const [id, fence] of fences) {
            const after = await one(`select fence, status from supervisor.gcloud_operations where id = '${id}'`);
            if (after.fence !== fence + 1) twice++;
            if (after.status === 'running') wrong(`${where}: left open`);
          }
          const row = await one('select state, instance_id, status from supervisor.gcloud_vms');
          const made = google.world.instances.get(`${zone}/vm`);
          const settled = row === undefined ? made === undefined : (row.state === 'deleted') === (made === undefined);
          if (!settled) wrong(`${where}: the row says ${row?.state}, Google ${made?.status ?? 'nothing'}`);
          if (made && row.state === 'present' && kind !== 'create' && row.status !== made.status)
            wrong(`${where}: ${row.status} is ${made.status}`);
          if (google.world.inserted > 1) wrong(`${where}: ${google.world.inserted} VMs were made`);
          stage.progress(`${calls} calls, ${where}`);
          if (google.faults.played === before) break;
        }
      }
    }
  }
  if (twice > 0) problems.push(`${twice} operations were taken up by both`);
  const requests = judgeRequests(google);
  problems.push(...requests.problems);
  const outcomes = Object.entries(codes).map(([code, count]) => `${count} ${code}`);
  return { problems, figure: `${what} ${calls} calls (${outcomes.join(', ')}), ${problems.length} deviations, ${requests.figure}` };
}

const create = (gcloud) => gcloud.createVm('shop', 'vm', { waitSeconds: 120 });
/** What is done, after what, and how. */
const acts = [
  ['create', async () => {}, create],
  ['stop', create, (gcloud) => gcloud.stopVm('shop', 'vm')],
  ['label', create, (gcloud) => gcloud.setLabels('shop', 'vm', { team: 'web' })],
  ['delete', create, remove],
];

async function remove(gcloud) {
  const confirmation = await gcloud.deleteVm('shop', 'vm', { mayUnprotect: true }).catch((error) => {
    if (error.code === 'confirmation_required') return error.details.confirmation;
    throw error;
  });
  return gcloud.deleteVm('shop', 'vm', { mayUnprotect: true, confirmation });
}

// As if the time that a request may take were a fifth of a second.
function impatient(url, init) {
  const timeout = AbortSignal.timeout(200);
  return fetch(url, { ...init, signal: timeout });
}

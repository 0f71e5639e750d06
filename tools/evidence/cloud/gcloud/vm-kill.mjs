import { query, until } from '../../harness.mjs';
import { killAndStart, ownerOf } from '../owner.mjs';
import { deleteVm, judgeRequests, openService, zone } from './service.mjs';

// Before any request; and after those that change something, which a later look cannot tell apart from the next request.
const faults = {
  'hang-before': () => true,
  'hang-after': ({ method, path }) => method !== 'GET' && !path.endsWith('/wait'),
};

/** The service is killed at each request of a create and of a delete, before and after Google carried it out, on both databases. */
export const vmKill = {
  name: 'vm-kill',
  goal: 'after each kill the next start finishes the create or the delete: one VM or none, no second one, nothing foreign changed, no row left open',
  sizes: { faults: Object.keys(faults).length },
  async run(stage) {
    const [url] = await stage.postgres('vms');
    const embedded = await ordeal(stage, undefined);
    const server = await ordeal(stage, url);
    const problems = [...embedded.problems, ...server.problems];
    return { holds: problems.length === 0, figure: `embedded ${embedded.figure}; PostgreSQL ${server.figure}`, problems };
  },
};

async function ordeal(stage, url) {
  const { home, google } = await openService(stage, url);
  const foreign = JSON.stringify(google.world.addInstance(zone, 'theirs'));
  const problems = [];
  const wrong = (text) => {
    problems.push(text);
    stage.note(text);
  };
  let kills = 0;
  for (const [what, on] of Object.entries(faults)) {
    for (const kind of ['create', 'delete']) {
      for (let nth = 1; ; nth++) {
        const name = `${kind}-${what.slice(5)}-${nth}`;
        const where = `${url ? 'PostgreSQL' : 'embedded'}, ${kind}, request ${nth}, ${what}`;
        let call = await ownerOf(home);
        const before = google.world.inserted;
        if (kind === 'delete') await call('create_vm', { name });
        google.faults.clear();
        const played = google.faults.played;
        google.faults.add({ on, what, after: nth - 1 });
        const ended = (kind === 'create' ? call('create_vm', { name }) : deleteVm(call, name)).then(
          () => true,
          () => true,
        );
        let over = false;
        void ended.then(() => (over = true));
        await until(() => over || google.faults.played > played, 30_000, `request ${nth} of ${where}`);
        google.faults.clear();
        if (over) break;
        await killAndStart(home, url, ['gcloud_operations']);
        kills++;
        call = await ownerOf(home);
        const read = () => call('get_vm', { name });
        // Before a delete was confirmed, nothing of it was begun.
        if (kind === 'delete' && (await read()).state === 'present') await deleteVm(call, name);
        await until(async () => (await read()).operation === null, 90_000, `${where} to be finished`);
        const vm = await read();
        const there = google.world.instances.has(`${zone}/${name}`);
        const disk = google.world.disks.has(`${zone}/${name}`);
        const wanted = kind === 'create' ? 'present' : 'deleted';
        if (vm.state !== wanted || there !== (kind === 'create') || disk !== there)
          wrong(`${where}: ${vm.state}, VM ${there}, disk ${disk}: ${vm.lastError}`);
        if (google.world.inserted !== before + 1) wrong(`${where}: ${google.world.inserted - before} VMs were made`);
        if (kind === 'create') await deleteVm(call, name);
        stage.progress(where);
      }
    }
  }
  if (JSON.stringify(google.world.instances.get(`${zone}/theirs`)) !== foreign) problems.push('what is foreign was changed');
  if (url) {
    const [{ open }] = await query(url, 'select count(*)::int as open from supervisor.gcloud_operations where ended_at is null');
    if (open > 0) problems.push(`${open} operations left open`);
  }
  const requests = judgeRequests(google);
  problems.push(...requests.problems);
  return { problems, figure: `${kills} kills, ${problems.length} deviations, ${requests.figure}` };
}

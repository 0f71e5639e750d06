import { readFileSync } from 'node:fs';
import { checkout } from '../harness.mjs';
import { gateOfHttp } from './gates-http.mjs';
import { ownerOnly } from './gates-owner.mjs';
import { confined, readOnly } from './gates-project.mjs';
import { Tally } from './tally.mjs';

const own = 'shop';
const other = 'zoo';

/** Who is refused what: over HTTP without our token, Host or Origin; a pipe what is the owner's; a bound caller every other project. */
export const gates = {
  name: 'gates',
  goal: '0 requests let through that must be refused, 0 refused that must not be',
  sizes: { surfaces: 4 },
  async run(stage) {
    const home = await stage.home();
    await home.start();
    const { operations } = JSON.parse(readFileSync(new URL('packages/supervisor/dist/operations.json', `file://${checkout}`), 'utf8'));
    const owner = await home.session({ role: 'owner' });
    const ask = (operation, input) => owner.request('call', { operation, input });
    for (const project of [own, other]) {
      await ask('store_secret', { path: `${project}/fake/key`, value: `fake value of ${project}` });
      await ask('allocate_port', { project, service: 'web' });
      await ask('start_task', { project, id: 'task-1', type: 'bug_fix', description: 'seen' });
    }
    const tally = new Tally();
    const all = { scopes: ['read', 'use', 'write', 'destroy'] };
    const free = await ask('create_token', { name: 'free', ...all });
    await gateOfHttp(home, free.token, tally);
    stage.progress('HTTP done');
    await ownerOnly(home, operations, own, tally);
    stage.progress('owner operations done');
    const bound = await ask('create_token', { name: 'bound', project: own, ...all });
    const reader = await ask('create_token', { name: 'reader', readOnly: true });
    await confined(home, operations, { bound: bound.token, free: free.token }, { own, other }, tally);
    await readOnly(home, operations, reader.token, own, tally);
    const figure = `${tally.refused} refused as they must be, ${tally.allowed} answered as they must be, ${tally.problems.length} deviations`;
    return { holds: tally.problems.length === 0, figure, problems: tally.problems };
  },
};

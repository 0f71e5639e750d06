import { setTimeout as sleep } from 'node:timers/promises';
import { callTool } from '../../harness.mjs';
import { ownerOf } from '../owner.mjs';
import { deleteVm, judgeRequests, openService, zone } from './service.mjs';

/** An agent makes, stops and starts a VM of the service, and may not delete it; its owner does, in two calls, and nothing is left. */
export const vmLife = {
  name: 'vm-life',
  goal: 'a VM created, sampled, stopped and deleted in two calls; nothing left; an agent may not delete, nor leave the limits',
  sizes: { vms: 1 },
  async run(stage) {
    const { home, google, call } = await openService(stage, undefined, { operationSeconds: 5, waitMilliseconds: 300 });
    const problems = [];
    const expect = (holds, what) => holds || problems.push(what);
    const agent = await home.client({ args: ['--project', 'shop'] });
    const names = ['create_vm', 'delete_vm', 'list_vms', 'start_vm', 'stop_vm'];
    expect(await shown(agent, names), 'the tools of the cloud are not shown although an account is configured');
    const progress = [];
    const options = { onprogress: (event) => progress.push(event), timeout: 60_000 };
    const made = await agent.callTool({ name: 'create_vm', arguments: { name: 'build-1' } }, undefined, options);
    expect(made.structuredContent?.status === 'RUNNING', `create_vm: ${JSON.stringify(made).slice(0, 300)}`);
    expect(
      progress.length >= 2 && progress.every(({ progress: done }, index) => index === 0 || done > progress[index - 1].progress),
      `${progress.length} progress notifications`,
    );
    for (const [input, code] of [
      [{ name: 'big', machineType: 'e2-standard-32' }, 'budget'],
      [{ name: 'far', zone: 'europe-west4-a' }, 'forbidden'],
      [{ name: 'odd', machineType: 'n2-standard-2' }, 'forbidden'],
    ]) {
      const refused = await callTool(agent, 'create_vm', input).catch((error) => error);
      expect(refused.code === code, `create_vm ${JSON.stringify(input)}: ${refused.code}`);
    }
    const deletion = await callTool(agent, 'delete_vm', { name: 'build-1' }).catch((error) => error);
    expect(deletion.code === 'forbidden', `delete_vm by an agent: ${deletion.code}`);
    // Its figures are older than it is.
    google.world.instances.get(`${zone}/build-1`).lastStartTimestamp = '2026-01-01T00:00:00.000Z';
    const { samples } = await call('sample_vm_health', {});
    const { readings } = await call('get_vm_health', { name: 'build-1' });
    const memory = readings.find(({ metric }) => metric === 'memory');
    expect(samples > 0 && readings.find(({ metric }) => metric === 'cpu').value === 0.21, `${samples} samples`);
    expect(memory.value === null && memory.reason !== null, 'memory without an agent is not absent');
    expect((await callTool(agent, 'stop_vm', { name: 'build-1' })).status === 'TERMINATED', 'stop_vm');
    expect((await callTool(agent, 'start_vm', { name: 'build-1' })).status === 'RUNNING', 'start_vm');
    const { token } = await call('create_token', { name: 'destroyer', scopes: ['read', 'use', 'write', 'destroy'] });
    const answer = await fetch(`${home.url}/api/v1/projects/shop/vms/build-1`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    expect((await answer.json()).code === 'protected', `delete_vm of a protected VM by a token: ${answer.status}`);
    const gone = await deleteVm(await ownerOf(home), 'build-1');
    expect(gone?.state === 'deleted', `delete_vm: ${gone?.state}`);
    const left = google.world.instances.size + google.world.disks.size;
    expect(left === 0, `${left} things left at Google`);
    const synced = await call('sync_gcloud', {});
    expect(synced.inSync + synced.unknown.length + synced.changed.length === 0, JSON.stringify(synced));
    const requests = judgeRequests(google);
    problems.push(...requests.problems);
    const figure = `created, sampled, stopped, started, deleted in 2 calls, ${left} left; ${progress.length} progress notifications; ${requests.figure}`;
    return { holds: problems.length === 0, figure, problems };
  },
};

/** The pipe answers at once with the tools it knows, and says when the service has others. */
async function shown(agent, names) {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(50)) {
    const { tools } = await agent.listTools();
    if (names.every((name) => tools.some((tool) => tool.name === name))) return true;
  }
  return false;
}

import { callTool } from '../../harness.mjs';
import { countsOf, described, wrongRequests } from './bench.mjs';
import { openService } from './service.mjs';

/** On a real service: an agent exposes an allocated port in one call, and takes it back. */
export const exposeDemo = {
  name: 'expose-demo',
  goal: 'one call from nothing to an exposed port, complete once a connector answers, and after unexpose nothing is left; every request as described',
  sizes: { rounds: 3 },
  async run(stage, { sizes }) {
    const { home, fake, call } = await openService(stage);
    const client = await home.client({ args: ['--project', 'shop'] });
    const problems = [];
    for (let round = 0; round < sizes.rounds; round++) {
      const { port } = await callTool(client, 'allocate_port', { service: 'web' });
      const name = { hostname: `demo-${round}.example.com` };
      const exposed = await callTool(client, 'expose_service', { ...name, access: 'public', service: 'web' });
      if (exposed.port !== port || exposed.complete || exposed.run !== 'supervisor tunnel run')
        problems.push(`round ${round}: ${JSON.stringify(exposed)}`);
      if (JSON.stringify(countsOf(fake)) !== '{"tunnels":1,"rules":1,"records":1}')
        problems.push(`round ${round}: ${JSON.stringify(countsOf(fake))}`);
      const [tunnel] = [...fake.state.tunnels.values()].filter(({ deletedAt }) => deletedAt === null);
      fake.state.connect(tunnel);
      const again = await callTool(client, 'expose_service', { ...name, access: 'public', port });
      if (!again.complete) problems.push(`round ${round}: not complete with a connector`);
      fake.state.disconnect(tunnel);
      await callTool(client, 'unexpose_service', name);
      const left = { ...countsOf(fake), exposures: (await call('list_exposures', {})).exposures.length };
      if (Object.values(left).some((count) => count > 0)) problems.push(`round ${round}: left ${JSON.stringify(left)}`);
    }
    problems.push(...wrongRequests(fake));
    return { holds: problems.length === 0, figure: `${sizes.rounds} rounds, 0 left; ${described(fake)}`, problems };
  },
};

import { isDeepStrictEqual } from 'node:util';
import { randomFrom } from '../../harness.mjs';
import { described, holds, openFake, openManager, wrongRequests } from './bench.mjs';

/** Two Supervisors write the rules of one tunnel that others have rules in too. The API has no ETag: the last writer wins. */
export const sharedTunnel = {
  name: 'shared-tunnel',
  goal: 'after the writes stop and each side reconciled once, every rule of either is there, and no foreign rule is gone',
  sizes: { bursts: 60, names: 8 },
  async run(stage, { seed, sizes }) {
    const setting = await openFake(stage);
    const { fake } = setting;
    const tunnel = fake.state.addTunnel(fake.account, 'team');
    const theirs = [
      { hostname: 'one.example.com', service: 'http://localhost:1', originRequest: { noTLSVerify: true } },
      { hostname: '*.two.example.com', path: '^/x', service: 'http://localhost:2' },
      { service: 'http_status:404' },
    ];
    tunnel.config = { ingress: theirs, originRequest: { connectTimeout: 5 } };
    const sides = [(await openManager(stage, setting)).manager, (await openManager(stage, setting)).manager];
    for (const side of sides) await side.adoptTunnel('team');
    const random = randomFrom(seed);
    // So that the readings and writings of the two cross.
    fake.server.latency = () => random() * 8;
    const problems = [];
    let lost = 0;
    for (let burst = 0; burst < sizes.bursts; burst++) {
      const calls = sides.flatMap((side, index) =>
        Array.from({ length: 3 }, () => {
          const hostname = `${'ab'[index]}${Math.floor(random() * sizes.names)}.example.com`;
          const put = () => side.putRoute('shop', { hostname, service: `http://localhost:${3100 + index}` });
          const call = random() < 0.7 ? put : () => side.removeRoute('shop', hostname);
          return call().catch((error) =>
            ['conflict', 'not_owned', 'provider_unavailable'].includes(error.code)
              ? undefined
              : problems.push(`burst ${burst}: ${error.message}`),
          );
        }),
      );
      await Promise.all(calls);
      for (const side of sides) lost += (await side.syncRoutes(true)).filter(({ mended }) => mended).length;
      const there = holds(fake).rules.map(({ hostname, service }) => `${hostname} ${service}`);
      for (const side of sides) {
        for (const { route } of await side.listRoutes())
          if (!there.includes(`${route.hostname} ${route.rule.service}`)) problems.push(`burst ${burst}: ${route.hostname} is not there`);
      }
      const kept = tunnel.config.ingress.filter(({ service }) => /:[12]$|404$/.test(service));
      if (
        !isDeepStrictEqual(
          kept.map(({ originRequest, ...rule }) => ({ ...rule, ...(originRequest?.noTLSVerify ? { originRequest } : {}) })),
          theirs,
        )
      )
        problems.push(`burst ${burst}: of others: ${JSON.stringify(kept)}`);
      if (tunnel.config.originRequest?.connectTimeout !== 5) problems.push(`burst ${burst}: settings of the tunnel are gone`);
      stage.progress(`${burst + 1} of ${sizes.bursts}`);
      if (problems.length > 20) break;
    }
    problems.push(...wrongRequests(fake));
    return {
      holds: problems.length === 0,
      figure: `${sizes.bursts} bursts, ${lost} rules lost to the last writer and put back; ${described(fake)}`,
      problems,
    };
  },
};

import { readdirSync } from 'node:fs';
import { callTool, until } from '../harness.mjs';

/** Ten pipes start at once on an empty home. */
export const tenPipes = {
  name: 'ten-pipes',
  goal: 'all answered by one instance and one service under one key; no process left at the end',
  sizes: { pipes: 10, rounds: 3 },
  async run(stage, { sizes }) {
    const problems = [];
    const seconds = [];
    for (let round = 1; round <= sizes.rounds; round++) {
      stage.progress(`round ${round}`);
      const started = performance.now();
      problems.push(...(await oneRound(stage, sizes.pipes)).map((problem) => `round ${round}: ${problem}`));
      seconds.push((performance.now() - started) / 1000);
    }
    const figure = `${sizes.rounds} rounds, ${problems.length} deviations, slowest ${Math.max(...seconds).toFixed(1)} s`;
    return { holds: problems.length === 0, figure, problems };
  },
};

async function oneRound(stage, pipes) {
  const problems = [];
  const home = await stage.home();
  const clients = await Promise.all(Array.from({ length: pipes }, () => home.client()));
  const answers = await Promise.all(clients.map((client) => callTool(client, 'get_status')));
  for (const field of ['instance', 'keyId']) {
    const different = new Set(answers.map((answer) => answer[field]));
    if (different.size !== 1) problems.push(`${different.size} different ${field}: ${[...different].join(', ')}`);
  }
  const services = () => home.processes().filter(({ args }) => args.includes(home.programs.api));
  // Those that came second may still be on their way out.
  await until(() => services().length <= 1, 5000, 'the other services to end').catch((error) => problems.push(error.message));
  if (services().length !== 1) problems.push(`${services().length} services`);
  if (services()[0]?.pid !== home.servicePid()) problems.push('the service that runs is not the one that service.json names');
  const keys = readdirSync(home.paths.directory).filter((name) => name.includes('key'));
  if (keys.length !== 1) problems.push(`key files: ${keys.join(', ')}`);

  await Promise.all(clients.map((client) => client.close()));
  await until(() => home.processes().length === 1, 5000, 'all pipes to end').catch((error) => problems.push(error.message));
  const owner = await home.session({ role: 'owner' });
  await owner.request('shutdown', {}).catch(() => {});
  await until(() => home.processes().length === 0, 15_000, 'the service to end').catch(() =>
    problems.push(`left over: ${home.processes().map(({ args }) => args)}`),
  );
  return problems;
}

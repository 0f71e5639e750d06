import { fileURLToPath } from 'node:url';
import { findService } from '@supervisor/client';
import { root, temporaryFolder } from './home.mjs';
import { interleave, median, medianRatio, medians } from './median.mjs';
import { inHome } from './pipe.mjs';
import { runNode } from './processes.mjs';
import { embeddedService } from './services.mjs';
import { figure } from './table.mjs';

const supervisor = `${root}apps/cli/dist/main.cjs`;
const dotenvx = fileURLToPath(new URL('src/cli/dotenvx.js', import.meta.resolve('@dotenvx/dotenvx/package.json')));
const path = 'bench/cli/key';
const value = 'a value of usual length, 40 characters .';

/** Whole commands with the service up, against an empty process; one secret against the same from an encrypted file. */
export async function measureCommand() {
  const { home } = await embeddedService();
  const ask = await asOwner(home);
  await ask('store_secret', { path, value });
  const folder = temporaryFolder();
  // What it keeps goes into the folder too, not to the person who measures.
  const apart = { cwd: folder, env: { HOME: folder } };
  await runNode([dotenvx, 'set', 'KEY', value], apart);
  const command = (...words) => runNode([supervisor, ...words], { cwd: home.directory, env: inHome(home) });
  const taken = await interleave(20, {
    empty: () => runNode(['-e', '0']),
    list: () => command('ports', 'list'),
    retrieve: () => command('secrets', 'retrieve', path, '--json').then(contains(value)),
    dotenvx: () => runNode([dotenvx, 'get', 'KEY'], apart).then(contains(value)),
    screen: () => command(),
    roundTrip: () => roundTrip(home),
    run: () => command('run', '--', 'true'),
  });
  const ms = Object.fromEntries(Object.entries(taken).map(([name, all]) => [name, all.map(({ milliseconds }) => milliseconds)]));
  const against = (name, rival, goal = {}) => ({ ...goal, detail: medians(ms[name], ms[rival], 'ms') });
  const beyondTrip = ms.screen.map((milliseconds, round) => milliseconds - ms.roundTrip[round]);
  return [
    figure('supervisor ports list / node -e 0', medianRatio(ms.list, ms.empty), against('list', 'empty')),
    figure(
      'supervisor secrets retrieve --json / node -e 0',
      medianRatio(ms.retrieve, ms.empty),
      against('retrieve', 'empty', { atMost: 1.5 }),
    ),
    figure(
      'supervisor secrets retrieve --json / dotenvx get',
      medianRatio(ms.retrieve, ms.dotenvx),
      against('retrieve', 'dotenvx', { atMost: 0.2 }),
    ),
    figure('supervisor, less the round trip / node -e 0', medianRatio(beyondTrip, ms.empty), {
      atMost: 1.5,
      detail: `${medians(beyondTrip, ms.empty, 'ms')}, round trip ${median(ms.roundTrip).toFixed(0)} ms`,
    }),
    figure('supervisor run -- true / node -e 0', medianRatio(ms.run, ms.empty), against('run', 'empty', { atMost: 2 })),
  ];
}

async function asOwner(home) {
  const rpc = await findService(home);
  await rpc.request('hello', { role: 'owner' });
  return (operation, input) => rpc.request('call', { operation, input });
}

/** A connection of its own and what the screen asks for, from a process that runs already. */
async function roundTrip(home) {
  const started = performance.now();
  const rpc = await findService(home);
  await rpc.request('hello', { role: 'owner' });
  const asked = {
    get_status: {},
    list_ports: { live: true, limit: 500 },
    list_tasks: { status: 'running', limit: 500 },
    get_task_stats: {},
    list_secrets: { expiring: 14, limit: 500 },
  };
  await Promise.all(Object.entries(asked).map(([operation, input]) => rpc.request('call', { operation, input })));
  rpc.close();
  return { milliseconds: performance.now() - started };
}

/** A program that fails fast would win. */
function contains(text) {
  return (result) => {
    if (!result.output.includes(text)) throw new Error('A command did not print the value it was asked for.');
    return result;
  };
}

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@supervisor/db';
import { PortManager } from '@supervisor/ports';
import { squat } from './squatters.mjs';

const asker = fileURLToPath(new URL('asker.mjs', import.meta.url));
const leaseSeconds = 60;
const minute = 60_000;
// Each way has a range of 1,000 ports of its own, below what the kernel gives to outgoing connections.
const spans = { service: 21_000, direct: 22_000, 'get-port': 23_000, portfinder: 24_000, 'detect-port': 25_000 };

/** Many processes want ports of one range at the same time, among programs that ask nobody; two die half-way. */
export const rush = {
  name: 'rush',
  goal: '0 duplicates, 0 failed binds, leases of the killed back within their time and three sweeps, none of the living',
  sizes: { processes: 8, grants: 50, killed: 2, squatters: 10, range: 1000 },
  async run(stage, { sizes }) {
    const home = await stage.home();
    await home.start();
    const session = await home.session({ role: 'owner' });
    await session.request('call', { operation: 'create_port_range', input: { project: 'rush', ...span('service', sizes) } });
    const embedded = await contend(stage, 'service', home.paths.directory, sizes);
    // Its sweeps run here, on a clock that need not be waited for.
    await home.stop();
    const one = await sweepAfter(embedded, await openOnStage(stage, home.paths.data));

    const [url] = await stage.postgres('rush');
    const database = await openOnStage(stage, url);
    await new PortManager({ db: database }).createPortRange('rush', span('direct', sizes));
    const two = await sweepAfter(await contend(stage, 'direct', url, sizes), database);

    const figures = [`embedded through its service ${one.figure}`, `PostgreSQL directly ${two.figure}`];
    for (const way of ['get-port', 'portfinder', 'detect-port']) figures.push(`${way} ${(await contend(stage, way, '', sizes)).figure}`);
    const problems = [...one.problems, ...two.problems];
    return { holds: problems.length === 0, figure: figures.join('; '), problems };
  },
};

function span(way, { range }) {
  return { first: spans[way], last: spans[way] + range - 1 };
}

async function openOnStage(stage, target) {
  const database = await openDatabase(target);
  stage.onEnd(() => database.close());
  return database;
}

async function contend(stage, way, target, { processes, grants, killed, squatters }) {
  const { first, last } = span(way, { range: 1000 });
  const taken = await squat(stage, first);
  if (taken.length !== squatters) throw new Error(`${taken.length} squatters listen, not ${squatters}.`);
  const all = Array.from({ length: processes + killed }, (_, index) => new Asker(stage, [way, target, `p${index}`, grants, first, last]));
  const [living, dying] = [all.slice(0, processes), all.slice(processes)];
  await Promise.all(all.map((one) => one.until('start')));
  for (const one of all) one.tell('ask');
  await Promise.all([...living.map((one) => one.until('ask')), ...dying.map((one) => one.dieAfter(Math.floor(grants / 2)))]);
  for (const one of living) one.tell('listen');
  const binds = await Promise.all(living.map((one) => one.until('listen')));

  const given = all.flatMap(({ ports }) => ports);
  const duplicates = given.length - new Set(given).size;
  const failed = binds.reduce((sum, one) => sum + one.failed, 0);
  const squatted = given.filter((port) => taken.includes(port)).length;
  const wanted = processes * grants;
  stage.progress(`${way}: ${given.length} given`);
  const problems = [];
  const livingPorts = living.flatMap(({ ports }) => ports);
  if (livingPorts.length !== wanted) problems.push(`${way}: ${livingPorts.length} of ${wanted} were given`);
  if (duplicates > 0) problems.push(`${way}: ${duplicates} duplicates`);
  if (failed > 0) problems.push(`${way}: ${failed} failed binds`);
  if (squatted > 0) problems.push(`${way}: ${squatted} ports of others given`);
  const figure = `${duplicates} duplicates of ${given.length}, ${failed} failed binds of ${wanted}`;
  return { figure, problems, living: livingPorts };
}

// Three sweeps a minute apart after the leases' time: what the dead had is back, what the living listen on is not.
async function sweepAfter({ figure, problems, living }, database) {
  let now = Date.now() + leaseSeconds * 1000;
  const ports = new PortManager({ db: database, clock: () => new Date(now) });
  const held = async () => {
    const found = [];
    for (let cursor; ;) {
      const page = await ports.listAllocations({ project: 'rush', limit: 500, cursor });
      found.push(...page.allocations.map(({ port }) => port));
      if (!(cursor = page.nextCursor)) return found;
    }
  };
  const dead = (await held()).filter((port) => !living.includes(port)).length;
  for (let sweep = 0; sweep < 3; sweep++, now += minute) await ports.sweep();
  const left = await held();
  const kept = living.filter((port) => left.includes(port)).length;
  const stuck = left.length - kept;
  const found = [...problems];
  if (dead === 0) found.push('the killed had no lease');
  if (stuck > 0) found.push(`${stuck} of ${dead} leases of the killed are not back`);
  if (kept < living.length) found.push(`${living.length - kept} leases of the living were taken back`);
  return { figure: `${figure}, ${dead - stuck} of ${dead} leases of the killed back, ${kept} of ${living.length} kept`, problems: found };
}

class Asker {
  ports = [];
  #child;
  #said = new Map();
  #wake = () => {};

  constructor(stage, args) {
    this.#child = stage.spawn([asker, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.port) this.ports.push(message.port);
      else this.#said.set(message.done, message);
      this.#wake();
    });
    this.#child.once('exit', () => this.#wake());
  }

  tell(step) {
    this.#child.stdin.write(`${step}\n`);
  }

  async until(step) {
    await this.#when(() => this.#said.has(step));
    return this.#said.get(step);
  }

  async dieAfter(grants) {
    await this.#when(() => this.ports.length >= grants);
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #when(holds) {
    while (!holds()) {
      if (this.#child.exitCode !== null) throw new Error(`A process that asks ended with ${this.#child.exitCode}.`);
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }
}

import { callTool, randomFrom } from '../harness.mjs';
import { Ledger } from './ledger.mjs';

const fakeKey = '5eed'.repeat(15) + '0001';
const atOnce = 8;

/** Four stdio servers, each with an official SDK client, write at once: embedded, and on PostgreSQL behind two services. */
export const fourServers = {
  name: 'four-servers',
  goal: '0 writes refused or lost, 0 ports given twice, embedded and on PostgreSQL behind two services',
  sizes: { servers: 4, writes: 200 },
  async run(stage, { seed, sizes }) {
    const embedded = await stage.home();
    await embedded.start();
    const one = await load(stage, [embedded], seed, sizes);

    const [url] = await stage.postgres('shared');
    const settings = { DATABASE_URL: url, ENCRYPTION_KEY: fakeKey };
    const replicas = [await stage.home({ settings }), await stage.home({ settings })];
    await Promise.all(replicas.map((replica) => replica.start()));
    const two = await load(stage, replicas, seed + 1, sizes);

    const problems = [...one.problems, ...two.problems];
    return { holds: problems.length === 0, figure: `embedded ${one.figure}; PostgreSQL ${two.figure}`, problems };
  },
};

async function load(stage, homes, seed, { servers, writes }) {
  const clients = await Promise.all(Array.from({ length: servers }, (_, index) => homes[index % homes.length].client()));
  // The SDK checks answers against the tools' output schemas once it has the list.
  await Promise.all(clients.map((client) => client.listTools()));
  const ledger = new Ledger();
  const refused = [];
  const started = performance.now();
  await Promise.all(
    clients.flatMap((client, writer) => {
      const random = randomFrom(seed * 1000 + writer);
      let left = writes;
      const work = async () => {
        while (left-- > 0) {
          await ledger.write((tool, input) => callTool(client, tool, input), writer, random).catch((error) => refused.push(error.message));
          stage.progress(`${ledger.acknowledged} of ${servers * writes} written`);
        }
      };
      return Array.from({ length: atOnce }, work);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const lost = [];
  // What one service took must be there for the other one too.
  for (const home of homes) {
    const reader = await home.session({ role: 'owner' });
    lost.push(...(await ledger.findLost((operation, input) => reader.request('call', { operation, input }))));
  }
  const figure = `${ledger.acknowledged} of ${servers * writes} kept in ${seconds.toFixed(1)} s, ${lost.length} lost, ${ledger.conflicts.length} ports twice`;
  return { figure, problems: [...refused, ...ledger.conflicts, ...lost.map((what) => `lost: ${what}`)] };
}

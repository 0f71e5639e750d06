import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callTool, randomFrom, until } from '../harness.mjs';
import { copyCheckout } from './checkout-copy.mjs';
import { Ledger } from './ledger.mjs';
import { Trap } from './trap.mjs';

const fakeKey = 'c0de'.repeat(15) + '0002';
// What a call may be told while its service dies: one of these codes, and a next step. Anything else is a defect.
const clear = ['unavailable', 'outcome_unknown', 'locked'];
const nextStep = /\b(again|check|start|log)\b/i;

/** The service is killed again and again during writes, on both databases, with traps where the pipes run. */
export const killNine = {
  name: 'kill-nine',
  goal: '0 acknowledged writes lost, every call succeeds or says what to do, one instance id, foreign settings untouched and unread',
  sizes: { kills: 20, pipes: 2 },
  async run(stage, { seed, sizes }) {
    const embedded = await stage.home();
    await embedded.start();
    const one = await ordeal(stage, embedded, seed, sizes);

    const [url, foreign] = await stage.postgres('own', 'foreign_one');
    const root = copyCheckout(stage);
    writeFileSync(join(root, '.env'), `DATABASE_URL=${url}\nENCRYPTION_KEY=${fakeKey}\n`);
    const configured = await stage.home({ root });
    await configured.start();
    const trap = new Trap(stage, foreign);
    const two = await ordeal(stage, configured, seed + 1, sizes, trap);
    two.problems.push(...(await trap.findings(configured.programs)));

    const problems = [...one.problems, ...two.problems];
    return { holds: problems.length === 0, figure: `embedded ${one.figure}; PostgreSQL from .env ${two.figure}`, problems };
  },
};

async function ordeal(stage, home, seed, { kills, pipes }, trap) {
  const random = randomFrom(seed);
  const options = trap ? { cwd: trap.folder, env: trap.env } : {};
  const clients = await Promise.all(Array.from({ length: pipes }, () => home.client(options)));
  const { instance, database } = await callTool(clients[0], 'get_status');
  const problems = [];
  if (trap && database.kind !== 'postgres') problems.push(`the .env of the checkout was not obeyed: ${database.kind}`);
  const ledger = new Ledger();
  // What calls were told that did not succeed, and how often.
  const told = new Map();
  let killed = 0;
  const over = new AbortController();
  const judge = (error) => {
    if (clear.includes(error.code) && nextStep.test(error.message)) told.set(error.message, (told.get(error.message) ?? 0) + 1);
    else problems.push(`a call was answered ${error.code}: ${error.message}`);
  };
  const writers = clients.flatMap((client, writer) =>
    [0, 1, 2].map(async () => {
      while (!over.signal.aborted)
        await ledger
          .write((tool, input) => callTool(client, tool, input), writer, random)
          .catch((error) => {
            judge(error);
            // A pipe that is gone refuses at once, for ever: without a pause no timer would come, and this would have no end.
            return sleep(10);
          });
    }),
  );
  try {
    while (killed < kills) {
      const before = ledger.acknowledged;
      await until(() => ledger.acknowledged > before + 5 && home.servicePid() !== undefined, 60_000, 'writes to go on');
      await sleep(random() * 150);
      const pid = home.servicePid();
      process.kill(pid, 'SIGKILL');
      killed++;
      stage.progress(`${killed} of ${kills} kills, ${ledger.acknowledged} writes`);
      const status = await callTool(clients[killed % pipes], 'get_status').catch(judge);
      if (status && status.instance !== instance)
        problems.push(`after kill ${killed} instance ${status.instance} answered, not ${instance}`);
      if (trap) problems.push(...trap.seenBy(await successor(home, pid)));
    }
  } finally {
    over.abort();
    await Promise.all(writers);
  }
  const reader = await home.session({ role: 'owner' });
  const lost = await ledger.findLost((operation, input) => reader.request('call', { operation, input }));
  problems.push(...ledger.conflicts, ...lost.map((what) => `lost: ${what}`));
  for (const [message, times] of told) stage.note(`told ${times} times: ${message}`);
  const calls = [...told.values()].reduce((sum, times) => sum + times, 0);
  const figure = `${killed} kills, ${lost.length} of ${ledger.acknowledged} acknowledged writes lost, ${calls} calls told what to do`;
  return { figure, problems };
}

async function successor(home, dead) {
  await until(() => ![undefined, dead].includes(home.servicePid()), 60_000, 'the next service');
  return home.servicePid();
}

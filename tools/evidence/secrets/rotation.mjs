import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '@supervisor/db';
import { parseKey } from '@supervisor/secrets';
import { secrets, secretVersions } from '@supervisor/secrets/schema';
import { eq } from 'drizzle-orm';
import { open } from '../../../packages/secrets/dist/envelope.js';
import { randomFrom } from '../harness.mjs';
import { Caller } from './caller.mjs';

const bulk = 100;
const pathOf = (index) => `shop/p${index}/key`;

/** Keys change again and again under readers and writers while the service is killed. */
export const rotation = {
  name: 'rotation',
  goal: 'no read tampered, of an unknown key, or failing 10 s after its connection was lost; 0 lost; all open with the new key alone, none with an old one',
  sizes: { secrets: 10_000, kills: 20, readers: 4, writers: 2 },
  async run(stage, { seed, sizes }) {
    const embedded = await ordeal(stage, new FileHome(await stage.home()), seed, sizes);
    const [url] = await stage.postgres('rotating');
    const settings = { DATABASE_URL: url };
    const postgres = await ordeal(stage, new KeyedHome(await stage.home({ settings }), url), seed + 1, sizes);
    const problems = [...embedded.problems, ...postgres.problems];
    return { holds: problems.length === 0, figure: `embedded ${embedded.figure}; PostgreSQL ${postgres.figure}`, problems };
  },
};

/** A home whose key is in a file of its own: the service changes it. */
class FileHome {
  constructor(home) {
    this.home = home;
    this.target = home.paths.data;
  }

  start() {
    return this.home.start();
  }

  key() {
    return readFileSync(this.home.paths.encryptionKey, 'utf8').trim();
  }

  async renew(owner) {
    await owner.call('create_key');
  }
}

/** A home whose keys come from the environment: a restart changes them. */
class KeyedHome {
  #keys = [randomBytes(32).toString('hex')];

  constructor(home, url) {
    this.home = home;
    this.target = url;
  }

  start() {
    const [writes, ...reads] = this.#keys;
    return this.home.start({ ENCRYPTION_KEY: writes, ENCRYPTION_KEY_READ: reads.slice(0, 1).join() });
  }

  key() {
    return this.#keys[0];
  }

  async renew() {
    await this.home.stop();
    this.#keys.unshift(randomBytes(32).toString('hex'));
    await this.start();
  }
}

async function ordeal(stage, keyed, seed, sizes) {
  const { home } = keyed;
  const random = randomFrom(seed);
  const problems = [];
  const oldKeys = [];
  const say = (error) => problems.push(`${error.code ?? error.name}: ${error.message}`);
  await keyed.start();
  // Not a reader: it waits as long as a start may take.
  const owner = new Caller(home, 'owner', 60);
  const values = await fill(owner, sizes.secrets);
  const over = new AbortController();
  const counts = { reads: 0, writes: 0 };
  const below = (limit) => Math.floor(random() * limit);
  const loop = async (work) => {
    const caller = new Caller(home, 'agent');
    while (!over.signal.aborted) await work(caller).catch(say);
    caller.close();
  };
  const workers = [
    ...Array.from({ length: sizes.readers }, () => loop((caller) => read(caller, values, below(sizes.secrets), counts, problems))),
    ...Array.from({ length: sizes.writers }, (_, writer) =>
      loop((caller) => write(caller, values, below(sizes.secrets / sizes.writers) * sizes.writers + writer, counts)),
    ),
  ];
  let kills = 0;
  let rotations = 0;
  try {
    while (kills < sizes.kills) {
      oldKeys.push(keyed.key());
      await keyed.renew(owner);
      const rotating = { over: false };
      const rotated = owner.call('rotate_keys').finally(() => (rotating.over = true));
      rotated.catch(say);
      while (!rotating.over && kills < sizes.kills) {
        await sleep(200 + random() * 600);
        if (rotating.over) break;
        await kill(home);
        kills++;
        stage.progress(`${kills} of ${sizes.kills} kills, ${rotations} rotations, ${counts.reads} reads, ${counts.writes} writes`);
        await keyed.start();
      }
      await rotated;
      rotations++;
      const { keys } = await owner.call('list_keys');
      for (const key of keys.filter(({ state }) => state === 'draining')) await owner.call('retire_key', { id: key.id });
    }
  } finally {
    over.abort();
    await Promise.all(workers);
    owner.close();
  }
  await home.stop();
  const { opened, openedOld, lost, total } = await inspect(stage, keyed, oldKeys, values);
  if (lost > 0 || opened !== total || openedOld > 0)
    problems.push(`${lost} lost, ${opened} of ${total} open, ${openedOld} with an old key`);
  const figure = `${kills} kills in ${rotations} rotations, ${counts.reads} reads and ${counts.writes} writes, ${lost} lost, ${opened} of ${total} versions open with the new key and ${openedOld} with the old ones`;
  return { figure, problems };
}

async function fill(owner, count) {
  const values = Array.from({ length: count }, (_, index) => ({ sure: `value ${index}`, maybe: [] }));
  for (let from = 0; from < count; from += bulk) {
    const entries = values.slice(from, from + bulk).map(({ sure }, index) => ({ path: pathOf(from + index), value: sure }));
    await owner.call('store_secret_bulk', { secrets: entries });
  }
  return values;
}

// A write whose answer is still out may already be read.
async function read(caller, values, index, counts, problems) {
  const before = [values[index].sure, ...values[index].maybe];
  const { value } = await caller.call('retrieve_secret', { path: pathOf(index) });
  counts.reads++;
  if (![...before, values[index].sure, ...values[index].maybe].includes(value))
    problems.push(`${pathOf(index)} read ${value}, expected ${before.join(' or ')}`);
}

async function write(caller, values, index, counts) {
  const entry = values[index];
  const value = `value ${index} written ${counts.writes} ${Math.floor(performance.now() * 1000)}`;
  entry.maybe.push(value);
  await caller.call('store_secret', { path: pathOf(index), value });
  entry.sure = value;
  entry.maybe = [];
  counts.writes++;
}

async function kill(home) {
  const pid = home.servicePid();
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  while (home.servicePid() === pid) await sleep(5);
}

// Straight from the database, with no service and no manager in between.
async function inspect(stage, keyed, oldKeys, values) {
  const db = await openDatabase(keyed.target);
  stage.onEnd(() => db.close());
  const found = await db.orm
    .select({
      id: secrets.id,
      path: secrets.path,
      exposure: secrets.exposure,
      newest: secrets.version,
      version: secretVersions.version,
      envelope: secretVersions.envelope,
    })
    .from(secrets)
    .innerJoin(secretVersions, eq(secretVersions.secretId, secrets.id));
  const opens = (keys, row) => {
    try {
      return open(keys, row.envelope, { ...row, secretId: row.id }).toString();
    } catch {
      return undefined;
    }
  };
  const fresh = [parseKey(keyed.key())];
  const old = oldKeys.map((text) => parseKey(text));
  const texts = new Map(found.map((row) => [`${row.path} ${row.version}`, opens(fresh, row)]));
  const newest = new Map(found.map(({ path, newest }) => [path, newest]));
  const lost = values.filter(({ sure, maybe }, index) => {
    const value = texts.get(`${pathOf(index)} ${newest.get(pathOf(index))}`);
    return value !== sure && !maybe.includes(value);
  });
  return {
    total: found.length,
    opened: [...texts.values()].filter((text) => text !== undefined).length,
    openedOld: found.filter((row) => opens(old, row) !== undefined).length,
    lost: lost.length,
  };
}

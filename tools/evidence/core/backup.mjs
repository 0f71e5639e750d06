import { statSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, openDatabase, rows } from '@supervisor/db';
import { restoreBackup, writeBackup } from '@supervisor/db/backup';
import { sql } from 'drizzle-orm';
import { randomFrom } from '../harness.mjs';

const types = ['bigint', 'text', 'bytea', 'timestamptz', 'text[]', 'jsonb', 'double precision', 'numeric', 'uuid'];
const migrations = new URL('./backup-migrations/', import.meta.url);
const modules = [{ name: 'evidence', migrations }];

/** Rows of every kind go from an embedded database into a file, into PostgreSQL, into a file, and back. */
export const backup = {
  name: 'backup',
  goal: 'embedded → file → PostgreSQL → file → embedded: all rows byte-equal; no embedded statement over 100 ms while it is read',
  sizes: { rows: 100_000, batch: 1000 },
  async run(stage, { seed, sizes }) {
    const folder = stage.folder();
    const [url] = await stage.postgres('restored');
    const open = async (target) => {
      const database = await openDatabase(target);
      stage.onEnd(() => database.close());
      return database;
    };
    const first = await open(join(folder, 'first'));
    await migrate(first, modules);
    await fill(stage, first, randomFrom(seed), sizes);
    const before = await digest(first, sizes);
    const one = await timed(() => write(first, join(folder, 'one.jsonl.gz')));
    const server = await open(url);
    const two = await timed(() => restoreBackup(server, join(folder, 'one.jsonl.gz'), modules));
    const three = await timed(() => write(server, join(folder, 'two.jsonl.gz')));
    const last = await open(join(folder, 'last'));
    const four = await timed(() => restoreBackup(last, join(folder, 'two.jsonl.gz'), modules));
    const problems = [];
    for (const [what, database] of Object.entries({ PostgreSQL: server, 'the last embedded': last }))
      if ((await digest(database, sizes)) !== before) problems.push(`${what} has other rows`);
    if (one.longest > 100) problems.push(`an embedded statement took ${Math.round(one.longest)} ms`);
    const bytes = statSync(join(folder, 'one.jsonl.gz')).size;
    const figure =
      `${sizes.rows} rows, ${(bytes / 1e6).toFixed(1)} MB; written in ${one.seconds} s (longest pause of the event loop ${Math.round(one.longest)} ms), ` +
      `into PostgreSQL ${two.seconds} s, out ${three.seconds} s, into embedded ${four.seconds} s; ${problems.length} deviations`;
    return { holds: problems.length === 0, figure, problems };
  },
};

function write(database, file) {
  return writeBackup(database, file, {
    about: { automatic: false, instance: '0f0f0f0f-0000-4000-8000-000000000001', version: '0.1.0' },
    keys: async () => [],
    at: new Date().toISOString(),
  });
}

/** Seconds, and the longest time that this process worked and nothing else of it could run: not what it waited for the machine. */
async function timed(work) {
  let longest = 0;
  const clocks = () => {
    const { user, system } = process.cpuUsage();
    return [performance.now(), (user + system) / 1000];
  };
  let last = clocks();
  const timer = setInterval(() => {
    const now = clocks();
    longest = Math.max(longest, Math.min(now[0] - last[0] - 5, now[1] - last[1]));
    last = now;
  }, 5);
  const started = performance.now();
  await work();
  clearInterval(timer);
  return { seconds: ((performance.now() - started) / 1000).toFixed(1), longest };
}

async function fill(stage, { orm }, random, { rows: count, batch }) {
  for (let done = 0; done < count; done += batch) {
    const lines = Array.from({ length: batch }, (_, index) => rowOf(random, done + index));
    const values = types.map((type, index) => `(line->>${index})::${type}`).join(', ');
    await orm.execute(sql`insert into supervisor.evidence (n, t, b, at, list, j, d, exact, u)
      select ${sql.raw(values)} from json_array_elements(${JSON.stringify(lines)}::text::json) as line`);
    stage.progress(`${done + batch} of ${count} rows`);
  }
}

function rowOf(random, number) {
  const hex = (count) => Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('');
  const text = `row ${number} "${hex(20)}" \\ \n 漢`;
  return [
    String(BigInt(Math.floor(random() * 2 ** 52)) * 1000n),
    random() < 0.1 ? null : text,
    `\\x${hex(120)}`,
    new Date(1.7e12 + random() * 1e11).toISOString().replace('Z', `${Math.floor(random() * 900 + 100)}Z`),
    `{"${hex(6)}",NULL,"a \\"b\\""}`,
    JSON.stringify({ [hex(4)]: random(), text }),
    String(random() * 10 ** (random() * 300)),
    `${Math.floor(random() * 1e15)}.${Math.floor(random() * 1e15)}`,
    hex(32),
  ];
}

// Of every row's text, in the order of its number, a page at a time.
async function digest({ orm }, { rows: count, batch }) {
  return orm.transaction(async (tx) => {
    await tx.execute(sql`set local timezone = 'UTC'`);
    const pages = [];
    for (let from = 0; from <= count; from += batch * 10) {
      const [page] = await rows(
        tx,
        sql`select count(*)::int as count, md5(string_agg(e::text, chr(10) order by id)) as md5 from supervisor.evidence e where id > ${from} and id <= ${from + batch * 10}`,
      );
      pages.push(`${page.count} ${page.md5}`);
    }
    return pages.join('\n');
  });
}

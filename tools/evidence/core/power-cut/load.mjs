// An embedded database under a mixed load, with a power cut every now and then: what each might have left is put in a folder of its own,
// with what must be found there, and its name is printed. The load itself goes on as if nothing had been.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { randomFrom } from '../../harness.mjs';
import { Disk } from './disk.mjs';

const [folder, seed, cuts, statements, milliseconds] = process.argv.slice(2).map((word, index) => (index === 0 ? word : Number(word)));
const random = randomFrom(seed);
const upTo = (most) => Math.floor(random() * most);
const place = join(folder, 'disk');
mkdirSync(place);
const disk = new Disk(place, join(folder, 'graveyard'));
// Only now: it may keep functions of node:fs as they are when it is loaded.
const { openDatabase } = await import('@supervisor/db');

// Building what a cut leaves takes a while in which nothing else moves: it does not count.
let stopped = 0;
const now = () => performance.now() - stopped;

// What was answered: rows of the ledger, and how far each counter had come.
const ledger = [];
const counters = Array.from({ length: 5 }, () => [{ value: 0, at: -Infinity }]);
let wrote = 0;
let made = 0;

function cut(doing) {
  const started = performance.now();
  const at = now();
  const old = ({ at: answered }) => at - answered > milliseconds;
  const target = join(folder, `cut-${made++}`);
  const { undone, of, reverted } = disk.cut(target, random);
  const answered = {
    ledger: ledger.filter(old).map(({ id }) => id),
    counters: counters.map((steps) => steps.findLast(old).value),
    // How long ago each was answered that may be gone.
    recent: ledger.filter((row) => !old(row)).map(({ id, at: then }) => ({ id, ago: at - then })),
  };
  const note = {
    name: `${doing}, ${undone} of ${of} changes of names undone, ${reverted} blocks reverted`,
    isNew: ledger.length === 0,
    answered,
  };
  writeFileSync(join(folder, `cut-${made - 1}.json`), JSON.stringify(note));
  stopped += performance.now() - started;
  process.stdout.write(`cut-${made - 1}\n`);
}

// In the middle of a statement or, when it does less, at its end.
async function cutDuring(doing, run, most) {
  let left = upTo(most);
  disk.onChange = () => {
    if (left-- === 0) cut(doing);
  };
  await run();
  disk.onChange = () => {};
  if (left >= 0) cut(`after ${doing}`);
}

const text = () => Array.from({ length: 4 + upTo(40) }, () => random().toString(36).slice(2)).join(' ');
let db;
const run = (statement) => db.orm.execute(statement);
const acts = {
  async ledger() {
    const id = ++wrote;
    await run(sql`insert into ledger (id, body) values (${id}, ${text()})`);
    ledger.push({ id, at: now() });
  },
  async counter() {
    const which = upTo(counters.length);
    const value = counters[which].at(-1).value + 1;
    await run(sql`update counters set value = ${value} where id = ${which}`);
    counters[which].push({ value, at: now() });
  },
  items: () => run(sql`insert into items (key, body) select md5(random()::text), ${text()} from generate_series(1, ${1 + upTo(300)})`),
  change: () => run(sql`update items set key = md5(key), body = ${text()} where id % 17 = ${upTo(17)}`),
  remove: () => run(sql`delete from items where id % 23 = ${upTo(23)}`),
  pair: () =>
    db.orm.transaction(async (tx) => {
      const id = upTo(1e9);
      await tx.execute(sql`insert into left_side values (${id})`);
      await tx.execute(sql`insert into right_side values (${id})`);
    }),
  bulk: () => run(sql`insert into bulk select i, repeat(md5(i::text), 30) from generate_series(1, 9000) as i`),
  truncate: () => run(sql`truncate bulk`),
  table: async () => {
    await run(sql.raw(`create table made_${upTo(4)} (id serial primary key, body text unique)`)).catch(() => {});
    await run(sql.raw(`insert into made_${upTo(4)} (body) select md5(random()::text) from generate_series(1, 200)`)).catch(() => {});
  },
  drop: () => run(sql.raw(`drop table if exists made_${upTo(4)}`)),
  index: async () => {
    await run(sql`drop index if exists items_body`);
    await run(sql`create index items_body on items (left(body, 20), key)`);
  },
  vacuum: () => run(sql`vacuum items`),
  rewrite: () =>
    run(sql.raw(['vacuum full items', 'reindex table items', 'cluster items using items_pkey', 'vacuum full pg_class'][upTo(4)])),
  checkpoint: () => run(sql`checkpoint`),
  wait: () => sleep(upTo(120)),
};
const weights = {
  ledger: 30,
  counter: 15,
  items: 8,
  change: 6,
  remove: 3,
  pair: 8,
  bulk: 5,
  truncate: 1,
  table: 4,
  drop: 2,
  index: 2,
  vacuum: 2,
  rewrite: 2,
  checkpoint: 3,
  wait: 6,
};
const often = Object.entries(weights).flatMap(([name, weight]) => Array(weight).fill(name));

const open = async () => (db = await openDatabase(join(place, 'data')));
await cutDuring('the first start', open, 3000);
for (const statement of [
  'create table ledger (id int primary key, body text)',
  'create table counters (id int primary key, value int)',
  'insert into counters select generate_series(0, 4), 0',
  'create table items (id serial primary key, key text, body text)',
  'create index items_key on items (key)',
  'create table left_side (id int primary key)',
  'create table right_side (id int primary key)',
  'create table bulk (i int, body text)',
  'create index bulk_i on bulk (i)',
])
  await run(sql.raw(statement));
await acts.ledger();
await sleep(milliseconds * 2);
const moments = new Set();
while (moments.size < cuts - 3) moments.add(upTo(statements));
for (let statement = 0; statement < statements; statement++) {
  const name = often[upTo(often.length)];
  if (moments.has(statement)) await cutDuring(name, acts[name], random() < 0.5 ? 8 : 400);
  else await acts[name]();
}
await cutDuring('closing', () => db.close(), 40);
await cutDuring('the second start', open, 40);
await db.close();

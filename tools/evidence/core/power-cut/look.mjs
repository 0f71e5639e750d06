// Opens what a power cut has left, and prints as JSON what is wrong with it. Opened twice: by the product, and with the checks that PostgreSQL brings.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { amcheck } from '@electric-sql/pglite/contrib/amcheck';
import { vector } from '@electric-sql/pglite-pgvector';
import { openDatabase, rows } from '@supervisor/db';
import { sql } from 'drizzle-orm';

const [folder] = process.argv.slice(2);
const { isNew, answered } = JSON.parse(readFileSync(`${folder}.json`, 'utf8'));
const directory = join(folder, 'data');
const problems = [];
let lost = [];
try {
  await lookByProduct();
  await lookByPostgres();
} catch (error) {
  problems.push([error.message, error.cause?.message].filter(Boolean).join(': ').slice(0, 300));
}
console.log(JSON.stringify({ problems, lostAfter: Math.max(0, ...lost) }));
process.stdout.write('', () => process.exit());

async function lookByProduct() {
  const db = await openDatabase(directory);
  const column = async (statement) => (await rows(db.orm, statement)).map(({ value }) => value);
  const [there] = await rows(db.orm, sql`select to_regclass('right_side') is not null and to_regclass('ledger') is not null as all`);
  if (!there.all) {
    if (!isNew) problems.push('the tables are gone');
  } else if (!isNew) {
    const ids = new Set(await column(sql`select id as value from ledger`));
    const gone = answered.ledger.filter((id) => !ids.has(id));
    if (gone.length > 0) problems.push(`${gone.length} of ${answered.ledger.length} rows are lost that were answered long before`);
    lost = answered.recent.filter(({ id }) => !ids.has(id)).map(({ ago }) => ago);
    const counters = await column(sql`select value from counters order by id`);
    const behind = answered.counters.filter((value, id) => !(counters[id] >= value));
    if (behind.length > 0) problems.push(`${behind.length} counters are behind what was answered long before`);
    const halves = await column(
      sql`select id as value from left_side except select id from right_side union all (select id from right_side except select id from left_side)`,
    );
    if (halves.length > 0) problems.push(`${halves.length} transactions are half there`);
    for (const [table, by] of [
      ['items', 'id'],
      ['items', 'key'],
      ['ledger', 'id'],
      ['bulk', 'i'],
    ]) {
      const seen = [];
      for (const way of ['seqscan', 'indexscan']) {
        await db.orm.execute(sql.raw(`set enable_seqscan = ${way === 'seqscan' ? 'on' : 'off'}`));
        for (const other of ['indexscan', 'indexonlyscan', 'bitmapscan'])
          await db.orm.execute(sql.raw(`set enable_${other} = ${way === 'seqscan' ? 'off' : 'on'}`));
        const bound = by === 'key' ? `key >= ''` : `${by} > -1`;
        const [digest] = await rows(
          db.orm,
          sql.raw(`select count(*)::int as count, sum(hashtext(${by}::text))::text as sum from ${table} where ${bound}`),
        );
        seen.push(JSON.stringify(digest));
      }
      if (seen[0] !== seen[1]) problems.push(`${table} by ${by}: ${seen.join(' in order, by index ')}`);
    }
    await db.orm.execute(sql`insert into ledger values (-1, 'after')`);
  }
  await db.close();
}

async function lookByPostgres() {
  const client = await PGlite.create({ dataDir: directory, extensions: { amcheck, vector } });
  await client.exec('create extension if not exists amcheck');
  const indexes = `select c.oid::regclass::text as name from pg_class c join pg_am a on a.oid = c.relam where c.relkind = 'i' and a.amname = 'btree'`;
  for (const { name } of (await client.query(indexes)).rows)
    await client.query('select bt_index_check($1::regclass, true)', [name]).catch((error) => problems.push(`${name}: ${error.message}`));
  const tables = `select c.oid::regclass::text as name from pg_class c where c.relkind in ('r', 't', 'm')`;
  for (const { name } of (await client.query(tables)).rows) {
    const found = await client
      .query('select msg from verify_heapam($1::regclass)', [name])
      .catch((error) => ({ rows: [{ msg: error.message }] }));
    if (found.rows.length > 0) problems.push(`${name}: ${found.rows[0].msg}`);
  }
  await client.close();
}

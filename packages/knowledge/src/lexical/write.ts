import { setImmediate as breathe } from 'node:timers/promises';
import type { Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { termId } from '../text/term-id.js';
import type { Terms } from '../text/terms.js';
import { blockOf, countBits, encodeHit, lengthBits } from './hit.js';

/** A chunk as the index sees it. */
export interface IndexedChunk {
  id: number;
  scope: number;
  terms: Terms;
}

// A statement on the embedded database blocks the service: it is kept small, and others run between two of them, though not on the database.
const hitsPerStatement = 600;

/** Adds chunks to the index. Runs inside `withIndex`. */
export async function addToIndex(tx: Orm, chunks: readonly IndexedChunk[]): Promise<void> {
  for (const batch of batches(chunks)) {
    // In the order of the primary key: neighbours in the index are written one after the other. Later chunks have higher ids: hits stay sorted.
    await tx.execute(sql`
      insert into supervisor.knowledge_postings as p (scope, term, block, size, hits)
      select scope, term, block, count(*), array_agg(hit order by hit)
      from unnest(${list(batch.scopes)}::int[], ${list(batch.terms)}::int8[], ${list(batch.blocks)}::int[], ${list(batch.hits)}::int[]) as new(scope, term, block, hit)
      group by scope, term, block order by scope, term, block
      on conflict (scope, term, block) do update set size = p.size + excluded.size, hits = p.hits || excluded.hits`);
    await breathe();
  }
  await count(tx, chunks, 1);
}

/** Takes chunks out again; their terms must be those they were added with. */
export async function removeFromIndex(tx: Orm, chunks: readonly IndexedChunk[]): Promise<void> {
  for (const batch of batches(chunks)) {
    const found = sql`
      with gone as (
        select scope, term, block, array_agg(hit >> ${sql.raw(String(countBits + lengthBits))}) as places
        from unnest(${list(batch.scopes)}::int[], ${list(batch.terms)}::int8[], ${list(batch.blocks)}::int[], ${list(batch.hits)}::int[]) as old(scope, term, block, hit)
        group by scope, term, block)`;
    await tx.execute(sql`${found},
      kept as (
        select scope, term, block, array(select hit from unnest(p.hits) hit where hit >> ${sql.raw(String(countBits + lengthBits))} <> all (gone.places)) as hits
        from supervisor.knowledge_postings p join gone using (scope, term, block))
      update supervisor.knowledge_postings p set hits = kept.hits, size = cardinality(kept.hits)
      from kept where p.scope = kept.scope and p.term = kept.term and p.block = kept.block`);
    await tx.execute(sql`${found}
      delete from supervisor.knowledge_postings p using gone
      where p.scope = gone.scope and p.term = gone.term and p.block = gone.block and p.size = 0`);
    await breathe();
  }
  await count(tx, chunks, -1);
}

async function count(tx: Orm, chunks: readonly IndexedChunk[], sign: 1 | -1): Promise<void> {
  const sums = new Map<number, { chunks: number; words: number }>();
  for (const { scope, terms } of chunks) {
    const sum = sums.get(scope) ?? { chunks: 0, words: 0 };
    sums.set(scope, { chunks: sum.chunks + sign, words: sum.words + sign * terms.length });
  }
  for (const [scope, { chunks: more, words }] of sums) {
    await tx.execute(
      sql`update supervisor.knowledge_scopes set chunks = chunks + ${more}::int, words = words + ${words}::int8 where id = ${scope}`,
    );
  }
}

interface Batch {
  scopes: number[];
  terms: number[];
  blocks: number[];
  hits: number[];
}

function* batches(chunks: readonly IndexedChunk[]): Generator<Batch> {
  let batch: Batch = { scopes: [], terms: [], blocks: [], hits: [] };
  for (const { id, scope, terms } of chunks) {
    for (const [term, times] of terms.counts) {
      batch.scopes.push(scope);
      batch.terms.push(termId(term));
      batch.blocks.push(blockOf(id));
      batch.hits.push(encodeHit(id, times, terms.length));
      if (batch.hits.length < hitsPerStatement) continue;
      yield batch;
      batch = { scopes: [], terms: [], blocks: [], hits: [] };
    }
  }
  if (batch.hits.length > 0) yield batch;
}

/** Numbers as a PostgreSQL array: both drivers take the text alike. */
export function list(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`;
}

// Any fixed number: whoever writes to the index waits here for whoever else does, so that no two wait for each other's rows.
const indexLock = 7_385_007;

/** A transaction that may write to the index. */
export function withIndex<T>(orm: Orm, work: (tx: Orm) => Promise<T>): Promise<T> {
  return orm.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${indexLock}::bigint)`);
    return work(tx);
  });
}

import { rows, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { list } from '../lexical/write.js';
import { vectorsTable, vectorText } from './storage.js';

/** A chunk that is to be embedded, with what stands above it. */
export interface PendingChunk {
  chunk: number;
  title: string;
  heading: string;
  text: string;
}

/** Puts new chunks into the queue, in the transaction that stores them. */
export async function enqueue(tx: Orm, chunks: readonly number[]): Promise<void> {
  await tx.execute(sql`insert into supervisor.knowledge_pending (chunk, embedder)
    select chunk, e.id from supervisor.knowledge_embedders e cross join unnest(${list(chunks)}::int[]) as chunk where e.state <> 'retired'`);
}

const walkedAtOnce = 1000;

/** Puts the next chunks that were there before the model into the queue. @returns whether there are more */
export async function walk(orm: Orm, embedder: number): Promise<boolean> {
  const [walked] = await rows<{ count: number }>(
    orm,
    sql`with walked as (
        select c.id from supervisor.knowledge_chunks c
        where c.id > (select queued_to from supervisor.knowledge_embedders where id = ${embedder}) order by c.id limit ${walkedAtOnce}),
      queued as (
        insert into supervisor.knowledge_pending (chunk, embedder) select id, ${embedder}::int from walked on conflict do nothing),
      moved as (
        update supervisor.knowledge_embedders set queued_to = (select max(id) from walked) where id = ${embedder} and exists (select from walked))
      select count(*)::int as count from walked`,
  );
  return walked!.count === walkedAtOnce;
}

// Longer than a request may take. Whoever is killed is waited for so long.
const leaseSeconds = 60;

/** Takes chunks for this process alone. Others take the next ones. */
export async function claim(orm: Orm, embedder: number, most: number): Promise<PendingChunk[]> {
  return rows<PendingChunk>(
    orm,
    sql`with claimed as (
        update supervisor.knowledge_pending p set leased_until = now() + make_interval(secs => ${leaseSeconds})
        from (select chunk from supervisor.knowledge_pending where embedder = ${embedder} and leased_until < now()
          order by chunk limit ${most} for update skip locked) free
        where p.chunk = free.chunk and p.embedder = ${embedder} returning p.chunk)
      select c.id as chunk, e.title, c.heading, c.text from claimed
        join supervisor.knowledge_chunks c on c.id = claimed.chunk join supervisor.knowledge_entries e on e.id = c.entry order by c.id`,
  );
}

/** Only one process opens an embedded database: what was leased before it began, nobody works on. */
export async function endLeases(orm: Orm, embedder: number): Promise<void> {
  await orm.execute(
    sql`update supervisor.knowledge_pending set leased_until = '-infinity' where embedder = ${embedder} and failures = 0 and leased_until > now()`,
  );
}

/** Gives chunks back untouched: nothing was wrong with them. */
export async function release(orm: Orm, embedder: number, chunks: readonly number[]): Promise<void> {
  await orm.execute(
    sql`update supervisor.knowledge_pending set leased_until = '-infinity' where embedder = ${embedder} and chunk = any(${list(chunks)}::int[])`,
  );
}

/** A chunk that the model refuses waits: five minutes, then twice as long each time, at most a day. */
export async function postpone(orm: Orm, embedder: number, chunk: number): Promise<void> {
  await orm.execute(
    sql`update supervisor.knowledge_pending set failures = least(failures + 1, 100),
        leased_until = now() + make_interval(secs => least(86400, 300 * 2 ^ least(failures, 10)))
      where embedder = ${embedder} and chunk = ${chunk}`,
  );
}

/** Stores vectors and takes their chunks out of the queue in one step: none twice, and none of a chunk that is gone. */
export async function saveVectors(
  orm: Orm,
  embedder: number,
  vectors: readonly { chunk: number; vector: readonly number[] }[],
): Promise<void> {
  const values = JSON.stringify(vectors.map(({ chunk, vector }) => ({ chunk, vector: vectorText(vector) })));
  await orm.execute(sql`
    with done as (
      delete from supervisor.knowledge_pending p using json_to_recordset(${values}::text::json) as new(chunk int, vector text)
      where p.chunk = new.chunk and p.embedder = ${embedder} returning new.chunk, new.vector)
    insert into ${vectorsTable} (embedder, scope, chunk, vector)
    select ${embedder}::int, e.scope, done.chunk, done.vector::vector from done
      join supervisor.knowledge_chunks c on c.id = done.chunk join supervisor.knowledge_entries e on e.id = c.entry
    on conflict (embedder, scope, chunk) do update set vector = excluded.vector`);
}

/** How many chunks still wait, and how many of them the model refused. */
export async function countPending(orm: Orm, embedder: number): Promise<{ pending: number; failed: number }> {
  const [counted] = await rows<{ pending: number; failed: number }>(
    orm,
    sql`select count(*)::int as pending, count(*) filter (where failures > 0)::int as failed
      from supervisor.knowledge_pending where embedder = ${embedder}`,
  );
  return counted!;
}

const removedAtOnce = 5000;

/** Removes what waits for a model, a little at a time. @returns whether some is left */
export async function removePending(orm: Orm, embedder: number): Promise<boolean> {
  const removed = await rows<{ chunk: number }>(
    orm,
    sql`delete from supervisor.knowledge_pending where ctid = any(array(
      select ctid from supervisor.knowledge_pending where embedder = ${embedder} limit ${removedAtOnce})) returning chunk`,
  );
  return removed.length === removedAtOnce;
}

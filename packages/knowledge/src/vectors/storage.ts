import { SupervisorError } from '@supervisor/core';
import { databaseErrorCode, rows, type Database, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';

/** What pgvector's index can hold, as it is and in half precision. */
const mostIndexed = 2000;
const mostHalved = 4000;

/** Where vectors are: beside the schema of everything else, whose every table a backup takes and any PostgreSQL must be able to hold. */
export const vectorsTable = sql.raw('supervisor_vectors.vectors');

export async function hasVectors(orm: Orm): Promise<boolean> {
  const [found] = await rows<{ there: boolean }>(orm, sql`select to_regclass('supervisor_vectors.vectors') is not null as there`);
  return found!.there;
}

/**
 * Makes the place for vectors where there is none.
 * @returns whether it was made now
 * @throws SupervisorError `unavailable` when the server has no pgvector
 */
export async function makeVectors({ orm }: Pick<Database, 'orm'>): Promise<boolean> {
  if (await hasVectors(orm)) return false;
  try {
    await orm.transaction(async (tx) => {
      await tx.execute(sql`create extension if not exists vector`);
      await tx.execute(sql`create schema if not exists supervisor_vectors`);
      // A chunk never changes its scope: it is kept here too, and the key alone finds what a caller may see.
      await tx.execute(sql`create table ${vectorsTable} (embedder integer not null, scope integer not null,
        chunk integer not null references supervisor.knowledge_chunks (id) on delete cascade, vector vector not null,
        primary key (embedder, scope, chunk))`);
      await tx.execute(sql`alter table ${vectorsTable} alter column vector set storage main`);
      await tx.execute(sql`create index vectors_chunk on ${vectorsTable} (chunk)`);
    });
    return true;
  } catch (error) {
    // Somebody else was first.
    if (await hasVectors(orm)) return false;
    const code = databaseErrorCode(error) ?? '';
    if (!['0A000', '58P01', '42501', '42704', '22023'].includes(code)) throw error;
    const why = code === '42501' ? 'its user may not create the extension' : 'the server does not have it';
    throw new SupervisorError(
      'unavailable',
      `Vectors need pgvector, and ${why}. Install it (package postgresql-NN-pgvector) and let a superuser run CREATE EXTENSION vector; until then texts are found by their words.`,
      {},
      { cause: error },
    );
  }
}

/** An approximate index for one model's vectors, made while there are none: it then grows with them, and no statement takes long. */
export async function makeIndex(orm: Orm, embedder: number, dims: number): Promise<void> {
  const type = indexedType(dims);
  if (type === undefined) return;
  await orm.execute(
    sql.raw(`create index if not exists vectors_near_${embedder} on supervisor_vectors.vectors
      using hnsw ((vector::${type}) ${type.startsWith('half') ? 'halfvec' : 'vector'}_cosine_ops) where embedder = ${embedder}`),
  );
}

export async function hasIndex(orm: Orm, embedder: number): Promise<boolean> {
  const [found] = await rows<{ there: boolean }>(
    orm,
    sql`select to_regclass(${`supervisor_vectors.vectors_near_${embedder}`}::text) is not null as there`,
  );
  return found!.there;
}

/** The type an index has the vectors in; undefined for more numbers than one can hold. */
export function indexedType(dims: number): string | undefined {
  if (dims <= mostIndexed) return `vector(${dims})`;
  return dims <= mostHalved ? `halfvec(${dims})` : undefined;
}

/** A vector as the database takes it. Six digits are more than single precision tells apart in a cosine. */
export function vectorText(vector: readonly number[]): string {
  return `[${vector.map((value) => Number(value.toPrecision(6))).join(',')}]`;
}

const mostDeleted = 2000;

/** Removes vectors of a model, a little at a time. @returns whether some are left */
export async function removeVectors(orm: Orm, embedder: number): Promise<boolean> {
  await orm.execute(sql.raw(`drop index if exists supervisor_vectors.vectors_near_${embedder}`));
  const removed = await rows<{ chunk: number }>(
    orm,
    sql`delete from ${vectorsTable} where ctid = any(array(
      select ctid from ${vectorsTable} where embedder = ${embedder} limit ${mostDeleted})) returning chunk`,
  );
  return removed.length === mostDeleted;
}

import { rows, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { list } from '../lexical/write.js';
import { hasIndex, indexedType, vectorsTable, vectorText } from './storage.js';

export interface Near {
  chunk: number;
  /** −1 to 1. */
  cosine: number;
}

export interface Model {
  id: number;
  dims: number;
}

// In so many chunks every vector is looked at; where there are more, an index finds most of the nearest.
const mostExact = 20_000;
// So many numbers take an embedded database some 60 ms, in which it does nothing else.
const numbersAtOnce = 16_000_000;

/** The chunks of these scopes whose vectors are nearest to a question's. Without an index none are looked for where there are too many. */
export async function nearest(
  orm: Orm,
  model: Model,
  question: readonly number[],
  scopes: readonly { id: number; chunks: number }[],
  most: number,
  exactUpTo = mostExact,
): Promise<Near[]> {
  const chunks = scopes.reduce((sum, scope) => sum + scope.chunks, 0);
  const ids = scopes.map(({ id }) => id);
  if (chunks <= exactUpTo) return nearestExactly(orm, model, question, ids, chunks, most);
  return (await hasIndex(orm, model.id)) ? nearestByIndex(orm, model, question, ids, most) : [];
}

async function nearestExactly(orm: Orm, model: Model, question: readonly number[], scopes: number[], chunks: number, most: number) {
  const text = vectorText(question);
  const parts = Math.max(1, Math.ceil((chunks * model.dims) / numbersAtOnce));
  const found: Near[] = [];
  for (let part = 0; part < parts; part++) {
    found.push(
      ...(await rows<Near>(
        orm,
        sql`select chunk, 1 - distance as cosine from (
            select chunk, vector <=> ${text}::vector as distance from ${vectorsTable}
            where embedder = ${model.id} and scope = any(${list(scopes)}::int[]) and chunk % ${parts}::int = ${part}::int
          ) near order by distance, chunk limit ${most}`,
      )),
    );
  }
  return found.toSorted((one, other) => other.cosine - one.cosine || one.chunk - other.chunk).slice(0, most);
}

function nearestByIndex(orm: Orm, { id, dims }: Model, question: readonly number[], scopes: number[], most: number): Promise<Near[]> {
  const type = sql.raw(indexedType(dims)!);
  const text = vectorText(question);
  return orm.transaction(async (tx) => {
    // Without it the index gives up before it has found enough that the caller may see.
    await tx.execute(sql`set local hnsw.iterative_scan = relaxed_order`);
    await tx.execute(sql.raw(`set local hnsw.ef_search = ${Math.min(1000, Math.max(40, most))}`));
    return rows<Near>(
      tx,
      sql`select chunk, 1 - (vector::${type} <=> ${text}::${type}) as cosine from ${vectorsTable}
        where embedder = ${sql.raw(String(id))} and scope = any(${list(scopes)}::int[])
        order by vector::${type} <=> ${text}::${type} limit ${most}`,
    );
  });
}

/** The cosines of chunks that were found in another way; one without a vector is not among them. */
export function cosinesOf(
  orm: Orm,
  model: Model,
  question: readonly number[],
  scopes: readonly { id: number }[],
  chunks: readonly number[],
) {
  return rows<Near>(
    orm,
    sql`select chunk, 1 - (vector <=> ${vectorText(question)}::vector) as cosine from ${vectorsTable}
      where embedder = ${model.id} and scope = any(${list(scopes.map(({ id }) => id))}::int[]) and chunk = any(${list(chunks)}::int[])`,
  );
}

import type { Orm } from '@supervisor/db';
import type { VectorSource } from '../vectors/embedding.js';
import { cosinesOf, nearest, type Model } from '../vectors/nearest.js';

type Scopes = readonly { id: number; chunks: number }[];

/** What vectors say to a question, or why they say nothing. */
export interface AskedVectors {
  embedder: string;
  weight: number;
  reason?: string | undefined;
  found?: { model: Model; vector: readonly number[]; cosines: Map<number, number> };
  failed(): string;
}

/** The chunks whose vectors are nearest. Undefined without a model; never an error: words answer too. */
export async function askVectors(
  orm: Orm,
  embedding: VectorSource,
  question: string,
  scopes: Scopes,
  most: number,
): Promise<AskedVectors | undefined> {
  const asked = await embedding.ask(orm, question);
  if (!asked) return undefined;
  const failed = () => embedding.failed();
  if ('reason' in asked) return { ...asked, weight: 0, failed };
  const { model, vector } = asked;
  const base = { embedder: model.name, weight: model.weight, failed };
  try {
    const near = await nearest(orm, model, vector, scopes, most);
    return { ...base, found: { model, vector, cosines: new Map(near.map(({ chunk, cosine }) => [chunk, cosine])) } };
  } catch {
    return { ...base, reason: failed() };
  }
}

/** The cosines of the nearest chunks and of those that words found; undefined where vectors have nothing to say. */
export async function completeCosines(
  orm: Orm,
  asked: AskedVectors,
  scopes: Scopes,
  chunks: readonly number[],
): Promise<Map<number, number> | undefined> {
  if (!asked.found) return undefined;
  const { model, vector, cosines } = asked.found;
  const others = chunks.filter((chunk) => !cosines.has(chunk));
  try {
    for (const { chunk, cosine } of others.length > 0 ? await cosinesOf(orm, model, vector, scopes, others) : [])
      cosines.set(chunk, cosine);
    return cosines;
  } catch {
    asked.reason = asked.failed();
    return undefined;
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

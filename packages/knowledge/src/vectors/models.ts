import { randomInt } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, eq, ne } from 'drizzle-orm';
import { z } from 'zod';
import { withIndex } from '../lexical/write.js';
import { knowledgeEmbedders } from '../schema.js';
import { untriedWeight, type Measured } from './weight.js';

/** How an owner says to reach a model. */
export const embedderSettings = z.union([
  z.object({
    url: z.string(),
    model: z.string(),
    /** The path of a secret. */
    secret: z.string().optional(),
    maxTokens: z.int().optional(),
    queryPrefix: z.string().optional(),
    documentPrefix: z.string().optional(),
  }),
  z.object({
    folder: z.string(),
    maxTokens: z.int().optional(),
    queryPrefix: z.string().optional(),
    documentPrefix: z.string().optional(),
  }),
]);
export type EmbedderSettings = z.output<typeof embedderSettings>;

/** @throws SupervisorError `invalid_input` unless exactly one kind of model is named */
export function settingsOf(
  given: {
    [Field in 'url' | 'model' | 'secret' | 'folder' | 'queryPrefix' | 'documentPrefix']?: string | undefined;
  } & { maxTokens?: number | undefined },
): EmbedderSettings {
  const { url, model, secret, folder, ...others } = given;
  if (folder !== undefined && url === undefined && model === undefined && secret === undefined) return { folder, ...others };
  if (folder === undefined && url !== undefined && model !== undefined) return { url, model, secret, ...others };
  throw new SupervisorError('invalid_input', 'Give url and model of an endpoint, with the path of its secret, or folder alone.', {
    fields: ['url', 'model', 'folder'],
  });
}

/** A generation of vectors as the database knows it. */
export interface ModelRow {
  id: number;
  name: string;
  dims: number;
  settings: EmbedderSettings | null;
  state: 'building' | 'ready';
  weight: number;
  /** Null until it has been tried. */
  measured: Measured | null;
  queuedTo: number;
}

/** The one that is built or asked; undefined without any. */
export async function currentModel(orm: Orm): Promise<ModelRow | undefined> {
  const [row] = await orm
    .select({
      id: knowledgeEmbedders.id,
      name: knowledgeEmbedders.name,
      dims: knowledgeEmbedders.dims,
      settings: knowledgeEmbedders.settings,
      state: knowledgeEmbedders.state,
      weight: knowledgeEmbedders.weight,
      measured: knowledgeEmbedders.measured,
      queuedTo: knowledgeEmbedders.queuedTo,
    })
    .from(knowledgeEmbedders)
    .where(ne(knowledgeEmbedders.state, 'retired'));
  return (
    row && {
      ...row,
      settings: row.settings as EmbedderSettings | null,
      state: row.state as ModelRow['state'],
      measured: row.measured as Measured | null,
    }
  );
}

export interface NewModel {
  name: string;
  dims: number;
  settings: EmbedderSettings | null;
  /** When left out, that of a model that has not been tried. */
  weight?: number | undefined;
  measured?: Measured | null | undefined;
}

/**
 * Makes a model the current one; its vectors are all still to be made. The index lock keeps those out who are storing chunks: whoever
 * comes after sees the model and queues its chunks, and what was there before the walk of the queue finds.
 */
export async function startModel(orm: Orm, { weight = untriedWeight, measured = null, ...model }: NewModel): Promise<number> {
  const id = randomInt(1, 2 ** 31 - 1);
  await withIndex(orm, async (tx) => {
    await retireAll(tx);
    await tx.insert(knowledgeEmbedders).values({ ...model, id, weight, measured });
  });
  return id;
}

export async function retireAll(orm: Orm): Promise<void> {
  await orm.update(knowledgeEmbedders).set({ state: 'retired' }).where(ne(knowledgeEmbedders.state, 'retired'));
}

export async function setWeight(orm: Orm, id: number, weight: number, measured: Measured): Promise<void> {
  await orm.update(knowledgeEmbedders).set({ weight, measured }).where(eq(knowledgeEmbedders.id, id));
}

/** Nothing waits any more: questions may be asked by vectors. */
export async function markReady(orm: Orm, id: number): Promise<void> {
  await orm
    .update(knowledgeEmbedders)
    .set({ state: 'ready' })
    .where(and(eq(knowledgeEmbedders.id, id), eq(knowledgeEmbedders.state, 'building')));
}

/** The vectors are gone, as after a restore: all chunks are queued once more. */
export async function startOver(orm: Orm, id: number): Promise<void> {
  await orm.update(knowledgeEmbedders).set({ state: 'building', queuedTo: 0 }).where(eq(knowledgeEmbedders.id, id));
}

export async function retiredModels(orm: Orm): Promise<number[]> {
  const found = await orm.select({ id: knowledgeEmbedders.id }).from(knowledgeEmbedders).where(eq(knowledgeEmbedders.state, 'retired'));
  return found.map(({ id }) => id);
}

/** Forgets a retired model that has nothing left. */
export async function removeModel(orm: Orm, id: number): Promise<void> {
  await orm.delete(knowledgeEmbedders).where(and(eq(knowledgeEmbedders.id, id), eq(knowledgeEmbedders.state, 'retired')));
}

/** Whether both lead to the same model, in the same way. */
export function sameSettings(one: EmbedderSettings | null, other: EmbedderSettings): boolean {
  const text = (settings: object | null) =>
    JSON.stringify(
      Object.entries(settings ?? {})
        .filter(([, value]) => value !== undefined)
        .toSorted(),
    );
  return text(one) === text(other);
}

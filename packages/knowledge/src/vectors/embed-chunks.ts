import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import type { Redact } from '../entry.js';
import { embedTexts, type Embedder } from './embedder.js';
import { postpone, release, saveVectors, type PendingChunk } from './queue.js';

interface EmbedOptions {
  redact: Redact;
  signal: AbortSignal;
}

/**
 * Makes the vectors of claimed chunks. One that the model refuses, or alone fails at, is postponed and costs the others nothing.
 * @throws what keeps all of them from being made: then they are let go
 */
export async function embedChunks(
  orm: Orm,
  model: number,
  embedder: Embedder,
  chunks: readonly PendingChunk[],
  options: EmbedOptions,
): Promise<void> {
  try {
    await save(orm, model, embedder, chunks, options);
  } catch (error) {
    if (chunks.length > 1 && isOfTexts(error)) return embedEach(orm, model, embedder, chunks, options);
    if (isOfTexts(error) && (isRefusal(error) || (await works(embedder, options.signal)))) return postpone(orm, model, chunks[0]!.chunk);
    await release(orm, model, idsOf(chunks)).catch(() => {});
    throw error;
  }
}

// Some models fail at one text instead of refusing it.
function isOfTexts(error: unknown): boolean {
  return isRefusal(error) || (error instanceof SupervisorError && error.details['status'] === 500);
}

function isRefusal(error: unknown): boolean {
  return error instanceof SupervisorError && error.code === 'invalid_input';
}

// What fails at a plain word too is not kept from its work by a text.
function works(embedder: Embedder, signal: AbortSignal): Promise<boolean> {
  return embedTexts(embedder, ['word'], 'document', signal).then(
    () => true,
    () => false,
  );
}

async function embedEach(...[orm, model, embedder, chunks, options]: Parameters<typeof embedChunks>): Promise<void> {
  for (const [index, chunk] of chunks.entries()) {
    try {
      await embedChunks(orm, model, embedder, [chunk], options);
    } catch (error) {
      await release(orm, model, idsOf(chunks.slice(index + 1))).catch(() => {});
      throw error;
    }
  }
}

function idsOf(chunks: readonly PendingChunk[]): number[] {
  return chunks.map(({ chunk }) => chunk);
}

async function save(
  orm: Orm,
  model: number,
  embedder: Embedder,
  chunks: readonly PendingChunk[],
  { redact, signal }: EmbedOptions,
): Promise<void> {
  const texts: string[] = [];
  // Once more: what is a secret today may have been a word when it was stored.
  for (const { title, heading, text } of chunks) texts.push((await redact([title, heading, text].filter(Boolean).join('\n'))).text);
  const vectors = await embedTexts(embedder, texts, 'document', signal);
  await saveVectors(
    orm,
    model,
    chunks.map(({ chunk }, index) => ({ chunk, vector: vectors[index]! })),
  );
}

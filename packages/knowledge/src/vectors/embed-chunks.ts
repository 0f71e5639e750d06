import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import type { Redact } from '../entry.js';
import { embedTexts, type Embedder } from './embedder.js';
import { postpone, release, saveVectors, type PendingChunk } from './queue.js';

const mostFailures = 3;

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
    if (error instanceof SupervisorError && error.code === 'invalid_input') return postpone(orm, model, chunks[0]!.chunk);
    await release(orm, model, idsOf(chunks)).catch(() => {});
    throw error;
  }
}

// Some models fail at one text instead of refusing it.
function isOfTexts(error: unknown): boolean {
  return error instanceof SupervisorError && (error.code === 'invalid_input' || error.details['status'] === 500);
}

// Perhaps one text is at fault. Where all of the first ones fail it is not the texts.
async function embedEach(...[orm, model, embedder, chunks, options]: Parameters<typeof embedChunks>): Promise<void> {
  const failed: number[] = [];
  for (const [index, chunk] of chunks.entries()) {
    try {
      await embedChunks(orm, model, embedder, [chunk], options);
    } catch (error) {
      failed.push(chunk.chunk);
      const none = failed.length === index + 1 && failed.length === Math.min(mostFailures, chunks.length);
      if (!none && isOfTexts(error) && !options.signal.aborted) continue;
      await release(orm, model, idsOf(chunks.slice(index))).catch(() => {});
      throw error;
    }
  }
  for (const chunk of failed) await postpone(orm, model, chunk);
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

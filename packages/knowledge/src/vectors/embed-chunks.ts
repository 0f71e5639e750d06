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
 * Makes the vectors of claimed chunks. One that the model refuses is postponed, and costs the others nothing.
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
    const refused = error instanceof SupervisorError && error.code === 'invalid_input';
    if (!refused) {
      const all = chunks.map(({ chunk }) => chunk);
      await release(orm, model, all).catch(() => {});
      throw error;
    }
    if (chunks.length === 1) return postpone(orm, model, chunks[0]!.chunk);
    // One of them is at fault: each by itself.
    for (const chunk of chunks) await embedChunks(orm, model, embedder, [chunk], options);
  }
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

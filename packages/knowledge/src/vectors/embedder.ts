import { SupervisorError } from '@supervisor/core';

/** What a text is embedded for: some models are told. */
export type EmbeddingKind = 'query' | 'document';

/** Makes vectors of texts. */
export interface Embedder {
  /** Names the model: vectors of another id are never compared with its own. */
  id: string;
  /** How many numbers a vector has. */
  dims: number;
  /** What a text is cut to before it is embedded. */
  maxTokens: number;
  /**
   * One vector for each text, in their order.
   * @throws SupervisorError `invalid_input` when these texts cannot be embedded, `unavailable` when none can at the moment
   */
  embed(texts: readonly string[], kind: EmbeddingKind, signal: AbortSignal): Promise<readonly (readonly number[])[]>;
}

// Rather too few: a model refuses what is too long, and what is cut was the end of a chunk.
const charactersPerToken = 3;

/** Embeds texts, cut to what the model takes, and checks what comes back: unit vectors, or an error. */
export async function embedTexts(
  embedder: Embedder,
  texts: readonly string[],
  kind: EmbeddingKind,
  signal: AbortSignal,
): Promise<number[][]> {
  const cut = texts.map((text) => text.slice(0, embedder.maxTokens * charactersPerToken).replace(/[\uD800-\uDBFF]$/, ''));
  const vectors = await embedder.embed(cut, kind, signal);
  if (vectors.length !== texts.length)
    throw new SupervisorError('unavailable', `${embedder.id} answered with ${vectors.length} vectors for ${texts.length} texts.`);
  return vectors.map((vector) => unit(embedder, vector));
}

function unit({ id, dims }: Embedder, vector: readonly number[]): number[] {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (vector.length !== dims)
    throw new SupervisorError('unavailable', `${id} answered with ${vector.length} numbers where it has ${dims}: was its model changed?`);
  if (!Number.isFinite(length) || length === 0)
    throw new SupervisorError('invalid_input', `${id} answered with a vector without direction.`);
  return vector.map((value) => value / length);
}

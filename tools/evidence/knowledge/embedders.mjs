import { randomFrom } from '../harness.mjs';

/** A model that knows nothing: each text has a direction of its own, by chance but always the same. */
export function chanceEmbedder(dims) {
  const vector = (text) => {
    const random = randomFrom(hash(text));
    return Array.from({ length: dims }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  };
  return embedder(`chance-${dims}`, dims, vector);
}

/** A model that knows letters alone: a text is the three-letter pieces of its words. */
export function letterEmbedder(dims) {
  return embedder(`letters-${dims}`, dims, (text) =>
    pieces(text, dims, (word) => Array.from({ length: word.length }, (_, at) => `  ${word}`.slice(at, at + 3))),
  );
}

/** A model that knows words alone. */
export function wordEmbedder(dims) {
  return embedder(`words-${dims}`, dims, (text) => pieces(text, dims, (word) => [word]));
}

function embedder(id, dims, vector) {
  return { id, dims, maxTokens: 2000, embed: async (texts) => texts.map(vector) };
}

function pieces(text, dims, piecesOf) {
  const vector = Array.from({ length: dims }, () => 1e-6);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) for (const piece of piecesOf(word)) vector[hash(piece) % dims]++;
  return vector;
}

function hash(text) {
  let value = 2_166_136_261;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16_777_619) >>> 0;
  return value;
}

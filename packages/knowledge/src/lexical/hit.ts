/**
 * A posting as one positive 32-bit integer: 9 bits for the chunk's place in its block, 7 for the term's count, 15 for the chunk's length in
 * words. Counts and lengths beyond that are cut off: BM25 tells 127 from 128 no more.
 */
export const blockBits = 9;
export const countBits = 7;
export const lengthBits = 15;

export function blockOf(chunk: number): number {
  return chunk >> blockBits;
}

export function encodeHit(chunk: number, count: number, length: number): number {
  const place = chunk & (2 ** blockBits - 1);
  return (place << (countBits + lengthBits)) | (Math.min(count, 2 ** countBits - 1) << lengthBits) | Math.min(length, 2 ** lengthBits - 1);
}

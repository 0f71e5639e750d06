import type { Chunk } from '../split/block.js';
import type { Language } from '../text/stem.js';
import { termsOf, type Terms } from '../text/terms.js';

// What a text is called says more of it than any of its words.
const titleWeight = 2;

/** The terms that a chunk is found by: those of its own text, of the headings above it and of its entry's title and tags. */
export function chunkTerms(
  chunk: Pick<Chunk, 'text' | 'heading'>,
  { title, tags }: { title: string; tags: readonly string[] },
  language: Language,
): Terms {
  const { counts, length } = termsOf(chunk.text, language);
  const above = termsOf(`${title}\n${chunk.heading}`, language);
  // Tags make no text longer: entries from before they were indexed are taken out of the index with as many words as they brought.
  for (const named of [above, termsOf(tags.join('\n'), language)])
    for (const [term, count] of named.counts) counts.set(term, (counts.get(term) ?? 0) + titleWeight * count);
  return { counts, length: length + above.length };
}

import type { Block, Chunk } from './block.js';
import { markdownBlocks } from './markdown.js';
import { divide, plainBlocks } from './plain.js';

export type Format = 'markdown' | 'plain';

/** The most characters of a chunk, some 600 tokens: an abstract or a section stays whole, ten of them fit an answer. */
export const longestChunk = 2400;

/** Cuts a text into chunks at the edges of its blocks. They follow each other without overlap; `join` makes the text of them again. */
export async function split(text: string, format: Format): Promise<Chunk[]> {
  const whole = format === 'markdown' ? await markdownBlocks(text) : plainBlocks(text);
  const blocks = whole.flatMap((block) => divide(text, block, longestChunk));
  const lineAt = lineCounter(text);
  return group(blocks).map((members) => {
    const { start, headings } = members[0]!;
    const { end } = members.at(-1)!;
    return { text: text.slice(start, end), heading: headings.join(' › '), startLine: lineAt(start), endLine: lineAt(end - 1) };
  });
}

/** One form of a text, whatever editor it came from: `split` and `join` keep it as it is. */
export function normalize(text: string): string {
  const plain = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .replace(/^[^\S\n]+$/gm, '');
  return plain.replace(/^\n+/, '').trimEnd();
}

/** The text that chunks were cut from. */
export function join(chunks: readonly Chunk[]): string {
  let text = '';
  let line = 1;
  for (const chunk of chunks) {
    text += '\n'.repeat(Math.max(0, chunk.startLine - line)) + chunk.text;
    // A chunk that was cut after a line's end stands at the start of the next one.
    line = chunk.endLine + (chunk.text.endsWith('\n') ? 1 : 0);
  }
  return text;
}

// Blocks under one heading stay together while they fit; the last of them is not left alone with a few words.
function group(blocks: readonly Block[]): Block[][] {
  const groups: Block[][] = [];
  for (const section of sections(blocks)) {
    const size = section.at(-1)!.end - section[0]!.start;
    const wanted = size / Math.ceil(size / longestChunk);
    let current: Block[] = [];
    for (const block of section) {
      const start = current[0]?.start ?? block.start;
      const long = block.end - start > longestChunk || (current.length > 0 && current.at(-1)!.end - start >= wanted);
      if (long && current.length > 0) {
        groups.push(current);
        current = [];
      }
      current.push(block);
    }
    groups.push(current);
  }
  return groups;
}

function sections(blocks: readonly Block[]): Block[][] {
  const found: Block[][] = [];
  for (const block of blocks) {
    const section = found.at(-1);
    if (section && sameHeadings(section[0]!.headings, block.headings)) section.push(block);
    else found.push([block]);
  }
  return found;
}

function sameHeadings(one: readonly string[], other: readonly string[]): boolean {
  return one === other || one.join('\0') === other.join('\0');
}

// Offsets come in rising order: one walk counts them all.
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let at = 0;
  return (offset) => {
    for (; at < offset; at++) if (text.charCodeAt(at) === 10) line++;
    return line;
  };
}

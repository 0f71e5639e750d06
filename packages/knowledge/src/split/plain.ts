import type { Block } from './block.js';

/** The stretches of a text between blank lines: paragraphs of prose, groups of statements in code. */
export function plainBlocks(text: string, start = 0, end = text.length, headings: readonly string[] = []): Block[] {
  const blocks: Block[] = [];
  // From the start of a line alone: else a line of blanks is tried from each of them.
  const paragraph = /^[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*/gm;
  paragraph.lastIndex = start;
  for (let match = paragraph.exec(text); match && match.index < end; match = paragraph.exec(text)) {
    blocks.push({ start: match.index, end: Math.min(end, paragraph.lastIndex), headings, divisible: true });
  }
  return blocks;
}

/** Cuts a block into pieces of about equal size, none longer than `most` unless a word is: after a line, else a sentence, else a word. */
export function divide(text: string, block: Block, most: number): Block[] {
  const size = block.end - block.start;
  if (size <= most || !block.divisible) return [block];
  const wanted = Math.ceil(size / Math.ceil(size / most));
  const pieces: Block[] = [];
  for (let start = block.start; start < block.end;) {
    const end = block.end - start <= most ? block.end : cut(text, start, start + wanted, start + most);
    pieces.push({ ...block, start, end });
    start = end;
  }
  return pieces;
}

const cutsAfter = [/\n/g, /[.!?;:。！？]["')\]]*\s+/g, /\s+/g];

// The last good place before the wanted size, if it is not too early; else the first one after it; else in the middle of a word.
function cut(text: string, start: number, wanted: number, most: number): number {
  const early = text.slice(start, wanted);
  for (const place of cutsAfter) {
    const last = [...early.matchAll(place)].at(-1);
    if (last && last.index > early.length / 2) return start + last.index + last[0].length;
  }
  const late = /\s+/.exec(text.slice(wanted, most));
  const end = late ? wanted + late.index + late[0].length : most;
  // Not between the halves of one character.
  return /[\uD800-\uDBFF]/.test(text[end - 1]!) ? end - 1 : end;
}

import { setImmediate as breathe } from 'node:timers/promises';
import { fromMarkdown } from 'mdast-util-from-markdown';
import type { Block } from './block.js';
import { plainBlocks } from './plain.js';

type Nodes = ReturnType<typeof fromMarkdown>['children'];
type Node = Nodes[number] | { type: string; children?: unknown; position?: unknown };

const frontMatter = /^---\n[^]*?\n---(?:\n|$)/;

// What takes the parser time by its square, or depth: marks of emphasis and links in one paragraph, and containers in containers.
const mostMarks = 2000;
const betweenParagraphs = /\n(?=[ \t]*(?:\n|[-*+>#]+[ \t]|\d{1,9}[.)][ \t]))/;
const deep = /^[ \t]*(?:>[ \t]{0,4}|(?:[*+-]|\d{1,9}[.)])[ \t]{1,4}){50}|^[ \t]{200,}[>*+\d-]/m;

/** The blocks of a Markdown text, each with the headings above it. A fence is one block, however long. */
export async function markdownBlocks(text: string): Promise<Block[]> {
  return isTangled(withoutFences(text)) ? plainBlocks(text) : parsedBlocks(text);
}

// Line by line: one expression for a whole fence would take the square of its length.
function withoutFences(text: string): string {
  const prose: string[] = [];
  let inside: { mark: string; lines: string[] } | undefined;
  for (const line of text.split('\n')) {
    const mark = /^[ \t]*(`{3,}|~{3,})/.exec(line)?.[1];
    if (inside) {
      inside.lines.push(line);
      if (mark?.startsWith(inside.mark)) inside = undefined;
    } else if (mark) inside = { mark, lines: [line] };
    else prose.push(line);
  }
  return [...prose, ...(inside?.lines ?? [])].join('\n');
}

// No person wrote it, and the parser would hold the process for seconds or end in its own depth: it is split as plain text.
function isTangled(prose: string): boolean {
  return deep.test(prose) || prose.split(betweenParagraphs).some((part) => (part.match(/[*_[\]`<]/g)?.length ?? 0) > mostMarks);
}

// The parser takes some ms for a thousand characters: a long text is parsed by its sections, and others run between two of them.
const longEnough = 8000;

async function parsedBlocks(text: string): Promise<Block[]> {
  const matter = frontMatter.exec(text)?.[0].length ?? 0;
  const blocks: Block[] = plainBlocks(text, 0, matter);
  const path: { depth: number; title: string }[] = [];
  for (let start = matter; start < text.length;) {
    const { nodes, end } = await sectionAt(text, start);
    for (const node of nodes) {
      if (node.type === 'heading') {
        while (path.length > 0 && path.at(-1)!.depth >= node.depth) path.pop();
        path.push({ depth: node.depth, title: textOf(node).replace(/\s+/g, ' ').trim() });
      }
      const headings = path.map(({ title }) => title).filter(Boolean);
      blocks.push(...blocksOf(node, text, start, headings));
    }
    start = end;
  }
  return blocks;
}

// Ends before something like a heading that the parser, which has read it too, takes for one: it may stand in a fence or a comment.
async function sectionAt(text: string, start: number): Promise<{ nodes: Nodes; end: number }> {
  for (let size = longEnough; ; size *= 2) {
    const heading = /^#{1,6}[ \t].*$/gm;
    heading.lastIndex = start + size;
    const next = heading.exec(text);
    const nodes = fromMarkdown(text.slice(start, next ? heading.lastIndex : undefined)).children;
    if (!next) return { nodes, end: text.length };
    await breathe();
    const last = nodes.at(-1);
    if (last?.type === 'heading' && next.index === start + last.position!.start.offset!)
      return { nodes: nodes.slice(0, -1), end: next.index };
  }
}

// A list is as many blocks as its items have: between them it may be cut, in a fence inside one it may not.
function blocksOf(node: Node, text: string, offset: number, headings: readonly string[]): Block[] {
  if (['list', 'listItem', 'blockquote'].includes(node.type)) {
    const children = (node as { children: Node[] }).children;
    if (children.length > 0) return children.flatMap((child) => blocksOf(child, text, offset, headings));
  }
  const position = (node as { position: { start: { offset: number }; end: { offset: number } } }).position;
  const end = position.end.offset + offset;
  // From the line's start on: a list's bullet and a fence's indent belong to it.
  const start = text.lastIndexOf('\n', position.start.offset + offset - 1) + 1;
  if (node.type === 'code') return [{ start, end, headings, divisible: false }];
  return plainBlocks(text, start, end, headings);
}

function textOf(node: { value?: string; children?: readonly unknown[] }): string {
  return node.value ?? (node.children ?? []).map((child) => textOf(child as { value?: string })).join('');
}

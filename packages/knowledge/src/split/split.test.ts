import { expect, test } from '@jest/globals';
import { join, longestChunk, normalize, split } from './split.js';

const sentence = 'The worker stops after the third failure and says so. ';

test('a heading begins a chunk and names it; a fence is never cut', () => {
  const fence = `\`\`\`ts\n${'const ten = 10;\n\n# no heading\n\n'.repeat(150)}\`\`\``;
  const text = normalize(
    `---\ntitle: x\n---\n\nIntro.\n\n# Deploy\n\nFirst.\n\n## On a \`VM\`\n\n${fence}\n\n- one\n- two\n\n# Other\nEnd.\n`,
  );
  const chunks = split(text, 'markdown');
  expect(chunks.map(({ heading, startLine }) => [heading, startLine])).toEqual([
    ['', 1],
    ['Deploy', 7],
    ['Deploy › On a VM', 11],
    ['Deploy › On a VM', 13],
    ['Deploy › On a VM', 616],
    ['Other', 619],
  ]);
  expect(chunks[3]!.text).toBe(fence);
  expect(join(chunks)).toBe(text);
});

test('a fence inside a list is not cut either', () => {
  const fence = `  \`\`\`\n${'  run\n\n'.repeat(600)}  \`\`\``;
  const chunks = split(`- do this:\n\n${fence}\n\n- then that`, 'markdown');
  expect(chunks.filter(({ text }) => text.includes('run'))).toHaveLength(1);
});

test('prose is cut after sentences into even pieces, code between its blocks', () => {
  const prose = split(sentence.repeat(100), 'plain');
  expect(prose.length).toBe(3);
  for (const { text } of prose) {
    expect(text.trimEnd()).toMatch(/says so\.$/);
    expect(text.length).toBeGreaterThan(longestChunk / 2);
  }
  const code = Array.from({ length: 60 }, (_, index) => `function step${index}() {\n  return run(${index}, 'with some words');\n}\n`).join(
    '\n',
  );
  for (const { text } of split(code, 'plain')) expect(text).toMatch(/^function[^]*\}$/);
});

test.each(['markdown', 'plain'] as const)('%s of any shape is put together again, every piece at its line', (format) => {
  let state = 7;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  const parts = [
    sentence,
    '\n',
    '\n\n',
    '# Head\n',
    '- item\n',
    '> quote\n',
    '```\ncode\n\nmore\n```\n',
    'x'.repeat(3000),
    '😀'.repeat(50),
    '  indented\n',
    sentence.repeat(60),
  ];
  for (let round = 0; round < 200; round++) {
    const text = normalize(Array.from({ length: random(12) }, () => parts[random(parts.length)]!).join(''));
    const chunks = split(text, format);
    expect(join(chunks)).toBe(text);
    const lines = text.split('\n');
    for (const chunk of chunks) {
      expect(chunk.text.trim()).not.toBe('');
      expect(chunk.text).toMatch(/^\P{Cs}*$/u);
      expect(lines.slice(chunk.startLine - 1, chunk.endLine).join('\n')).toContain(chunk.text.replace(/\n$/, ''));
    }
  }
});

test('an empty text has no chunks', () => {
  expect(split(normalize(' \n\t\n'), 'markdown')).toEqual([]);
});

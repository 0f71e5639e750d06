import { expect, test } from '@jest/globals';
import { join, longestChunk, normalize, split } from './split.js';

const sentence = 'The worker stops after the third failure and says so. ';

test('a heading begins a chunk and names it; a fence is never cut', async () => {
  const fence = `\`\`\`ts\n${'const ten = 10;\n\n# no heading\n\n'.repeat(150)}\`\`\``;
  const text = normalize(
    `---\ntitle: x\n---\n\nIntro.\n\n# Deploy\n\nFirst.\n\n## On a \`VM\`\n\n${fence}\n\n- one\n- two\n\n# Other\nEnd.\n`,
  );
  const chunks = await split(text, 'markdown');
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

test('a fence inside a list is not cut either', async () => {
  const fence = `  \`\`\`\n${'  run\n\n'.repeat(600)}  \`\`\``;
  const chunks = await split(`- do this:\n\n${fence}\n\n- then that`, 'markdown');
  expect(chunks.filter(({ text }) => text.includes('run'))).toHaveLength(1);
});

test.each([
  ['emphasis that never ends', '*a_ '.repeat(20_000)],
  ['brackets that never close', '['.repeat(50_000)],
  ['quotes in quotes', '>'.repeat(20_000)],
  ['lists in lists', Array.from({ length: 400 }, (_, depth) => `${' '.repeat(2 * depth)}- x`).join('\n')],
  ['blanks alone', ' '.repeat(100_000)],
  ['a fence of marks alone that never closes', `${'`'.repeat(50_000)}\n${'*a_\n'.repeat(12_000)}`],
])('%s is split as plain text', async (_, tangle) => {
  const chunks = await split(normalize(`# Heading\n\n${tangle}\n`), 'markdown');
  expect(chunks[0]!.heading).toBe(tangle.trim() === '' ? 'Heading' : '');
});

test('a long rule, a long fence and many links are Markdown', async () => {
  const code = `\`\`\`json\n${'["a_b", "<c>"],\n'.repeat(900)}\`\`\``;
  const links = '* [one](https://example.com/1) and *two*\n'.repeat(900);
  const chunks = await split(normalize(`# A\n\n${'-'.repeat(80)}\n\n${code}\n\n## B\n\n${links}`), 'markdown');
  expect(chunks.some(({ text, heading }) => text.includes('json') && text.endsWith('```') && heading === 'A')).toBe(true);
  expect(chunks.at(-1)!.heading).toBe('A › B');
});

test('a long text is parsed by its sections, others run in between, and no fence is taken for one', async () => {
  const fence = `\`\`\`\`sh\n${'# no heading\n```js\nrun\n```\n'.repeat(10)}\`\`\`\``;
  const sections = Array.from({ length: 90 }, (_, number) => `## Part ${number}\n\n${sentence.repeat(12)}\n\n${fence}`);
  const text = `# All\n\n${sections.join('\n')}`;
  let turns = 0;
  const others = setInterval(() => turns++, 0);
  const chunks = await split(text, 'markdown');
  clearInterval(others);
  expect(turns).toBeGreaterThan(3);
  expect(chunks.map(({ heading }) => heading)).toEqual(['All', ...sections.map((_, number) => `All › Part ${number}`)]);
  expect(join(chunks)).toBe(text);
});

test.each([
  ['a comment', '', '<!--\n\n# hidden\n\nfoo\n-->'],
  ['a fence after code in a line', '```npm i``` installs.', '```\n# none\n```'],
  ['a fence after one in a list', '- ```sh\n  run\n  ```', '```\n# none\n```'],
  ['a fence after marks in indented code', '    ```', '```\n# none\n```'],
])('no heading of a long text is in %s', async (_, before, block) => {
  const chunks = await split(normalize(`# A\n\n${before}\n\n${sentence.repeat(170)}\n\n${block}\n\ntext\n`), 'markdown');
  expect(new Set(chunks.map(({ heading }) => heading))).toEqual(new Set(['A']));
  expect(chunks.some(({ text }) => text.includes(block))).toBe(true);
});

test('prose is cut after sentences into even pieces, code between its blocks', async () => {
  const prose = await split(sentence.repeat(100), 'plain');
  expect(prose.length).toBe(3);
  for (const { text } of prose) {
    expect(text.trimEnd()).toMatch(/says so\.$/);
    expect(text.length).toBeGreaterThan(longestChunk / 2);
  }
  const code = Array.from({ length: 60 }, (_, index) => `function step${index}() {\n  return run(${index}, 'with some words');\n}\n`).join(
    '\n',
  );
  for (const { text } of await split(code, 'plain')) expect(text).toMatch(/^function[^]*\}$/);
});

test.each(['markdown', 'plain'] as const)('%s of any shape is put together again, every piece at its line', async (format) => {
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
    const chunks = await split(text, format);
    expect(join(chunks)).toBe(text);
    const lines = text.split('\n');
    for (const chunk of chunks) {
      expect(chunk.text.trim()).not.toBe('');
      expect(chunk.text).toMatch(/^\P{Cs}*$/u);
      expect(lines.slice(chunk.startLine - 1, chunk.endLine).join('\n')).toContain(chunk.text.replace(/\n$/, ''));
    }
  }
});

test('an empty text has no chunks', async () => {
  expect(await split(normalize(' \n\t\n'), 'markdown')).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callTool, programs, root, TestHome } from './harness.js';

let home: TestHome;
beforeAll(async () => {
  home = await TestHome.create();
  execFileSync('git', ['init', '--quiet', home.work]);
  await home.start();
});
afterAll(() => home.remove());

test('what an agent learns, a person finds, with its source', async () => {
  const client = await home.client();
  const learned = await callTool(client, 'learn', {
    text: 'Stripe signs the raw body: verify before parsing.',
    kind: 'incident',
    tags: ['stripe'],
  });
  expect(learned.structuredContent).toMatchObject({ created: true, duplicateOf: null });
  const found = await callTool(client, 'search_knowledge', { query: 'stripe signature verification' });
  expect(found.structuredContent).toMatchObject({ results: [{ project: 'shop', kind: 'incident' }], omitted: 0 });
  const { stdout } = await home.cli('search', 'verify', 'stripe');
  expect(stdout).toMatch(/^incident \d+ · shop\n {2}Stripe signs the raw body/);
  for (const words of [[], ['-']]) {
    const again = await home.run([programs.cli, 'learn', ...words], 'Stripe signs the raw body: verify before parsing.');
    expect(again.stdout).toContain('says exactly this already');
  }
  expect(await home.cli('learn', 'x', '--ttl-days', 'soon')).toMatchObject({ code: 1, stderr: '--ttl-days must be a number.\n' });
  expect((await home.cli('search', 'nothingofthekind')).stdout).toContain('Nothing matches');
});

test('a folder is ingested once it is registered, and followed as it changes', async () => {
  mkdirSync(join(home.work, 'docs'));
  writeFileSync(join(home.work, 'docs/deploy.md'), '# Deploy\n\n## Rollback\n\nRun the pelican script.\n');
  writeFileSync(join(home.work, 'docs/client.ts'), 'export const pelicanClient = 1;\n');
  writeFileSync(join(home.work, '.gitignore'), 'ignored.md\n');
  writeFileSync(join(home.work, 'docs/ignored.md'), 'pelican');
  // Links lead out of the folder, a file's and a folder's.
  const outside = join(home.work, '../outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'diary.md'), 'pelican diary');
  symlinkSync(join(outside, 'diary.md'), join(home.work, 'docs/link.md'));
  symlinkSync(outside, join(home.work, 'docs/linked'));
  const refused = await home.cli('ingest', 'docs');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('supervisor knowledge register-root') });
  expect((await home.cli('knowledge', 'register-root', home.work)).code).toBe(0);
  expect((await home.cli('ingest', 'docs', '--dry-run')).stdout).toContain('Would be: 2 added');
  expect((await home.cli('ingest', 'docs')).stdout).toContain('2 added, 0 updated, 0 unchanged, 0 removed');
  expect((await home.cli('search', 'pelican rollback')).stdout).toContain('docs/deploy.md:3-5 · shop · Deploy › Rollback');
  writeFileSync(join(home.work, 'docs/deploy.md'), '# Deploy\n\nRun the heron script.\n');
  expect((await home.cli('search', 'diary')).stdout).toContain('Nothing matches');
  rmSync(join(home.work, 'docs/client.ts'));
  expect(JSON.parse((await home.cli('ingest', '.', '--include', '*.md', '--json')).stdout)).toMatchObject({ updated: 1, removed: 0 });
  expect(JSON.parse((await home.cli('ingest', 'docs', '--json')).stdout)).toMatchObject({ added: 0, updated: 0, unchanged: 1, removed: 1 });
  expect((await home.cli('search', 'pelican')).stdout).toContain('Nothing matches');
});

test('what was learned goes out as JSONL and comes in again', async () => {
  const { stdout } = await home.cli('knowledge', 'export');
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ project: 'shop', kind: 'incident', tags: ['stripe'] }]);
  const imported = await home.run([programs.cli, 'knowledge', 'import'], stdout);
  expect(imported.stdout).toContain('0 added, 1 there already');
});

test('retrieval is measured, and compared with an earlier time', async () => {
  const collection = join(root, 'packages/knowledge/collection');
  const first = await home.cli('knowledge', 'evaluate', collection, '--json');
  const earlier = join(home.work, 'earlier.json');
  writeFileSync(earlier, first.stdout);
  const { stdout, stderr } = await home.cli('knowledge', 'evaluate', collection, '--against', earlier);
  expect(stderr).toContain('66 of 66 documents');
  expect(stdout).toMatch(/nDCG@10 {4}0\.9\d\d \(0\.\d+ to [01]\.\d+\) {3}\+0\.000 \(\+0\.000 to \+0\.000\)/);
});

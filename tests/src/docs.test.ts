import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Catalogue } from '@supervisor/core';
import { root } from './harness.js';

const pages = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: root, encoding: 'utf8' })
  .stdout.trim()
  .split('\n');

/** The name that a heading gets as the target of a link. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

test('the reference of operations is that of this build', () => {
  expect(spawnSync(process.execPath, ['tools/operations-reference.mjs', '--check'], { cwd: root, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test('the table of tools in README.md holds all there are', () => {
  const { operations } = JSON.parse(readFileSync(join(root, 'packages/supervisor/dist/operations.json'), 'utf8')) as Catalogue;
  const tools = operations.filter(({ toolset }) => toolset !== undefined);
  const [, table] = /^\| tools .*\n((?:\|.*\n)+)/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))!;
  const rows = table!.split('\n').map((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  expect(rows.flat().toSorted()).toEqual(tools.map(({ name }) => name).toSorted());
  // No row has tools of two toolsets.
  const toolsetOf = (name: string) => tools.find((tool) => tool.name === name)!.toolset;
  for (const row of rows) expect(new Set(row.map(toolsetOf)).size).toBeLessThanOrEqual(1);
});

test.each(pages)('every link of %s leads somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replace(/```[^]*?```/g, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((target) => !/^[a-z]+:/.test(target));
  for (const target of targets) {
    const [path, fragment] = target.split('#');
    const file = path === '' ? join(root, page) : resolve(root, dirname(page), path!);
    expect({ target, found: existsSync(file) }).toEqual({ target, found: true });
    if (fragment === undefined) continue;
    const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading!));
    expect(headings).toContain(fragment);
  }
});

test('no page sends a person to a package of that name in the registry, which is a stranger’s', () => {
  for (const page of pages) expect(readFileSync(join(root, page), 'utf8')).not.toMatch(/npx supervisor|npm (i|install) (-g )?supervisor\b/);
});

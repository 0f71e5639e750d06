import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { instanceField } from '@supervisor/core';
import { demandProject, findProject, findProjectFile } from './project.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'project-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text = ''): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return dirname(join(folder, path));
}

test('the file says the project, else git, at any depth', () => {
  write('My Shop/.git/HEAD');
  expect(demandProject(write('My Shop/src/deep/x'))).toEqual({ project: 'my-shop' });
  write('My Shop/.supervisor.json', '{"project": "shop"}');
  expect(demandProject(join(folder, 'My Shop/src/deep'))).toEqual({ project: 'shop' });
});

test.each(['{"project": "shop",}', '[', '"shop"', '{"project": "My Shop"}', '{"project": 5}'])('%s is said, not passed over', (text) => {
  write('shop/.git/HEAD');
  const at = write('shop/.supervisor.json', text);
  expect(() => demandProject(at)).toThrow(
    expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining('.supervisor.json: ') }),
  );
  // Who only looks at other people's folders goes on.
  expect(findProject(at)).toEqual({ project: 'shop' });
});

test.each([
  ['fix-1', 'fix-1'],
  ['_wip', 'wt:_wip'],
  ['prüfung', 'pr:fc:fung'],
  ['日', 'wt::65e5:'],
])('the worktree %s is an instance that every call takes, also where its repository is not seen', (worktree, instance) => {
  const at = write(`elsewhere/.git`, `gitdir: ${folder}/shop/.git/worktrees/${worktree}\n`);
  expect(demandProject(at)).toEqual({ project: 'shop', instance, worktree: `${folder}/shop/.git/worktrees/${worktree}` });
  expect(instanceField().safeParse(instance).success).toBe(true);
});

test.each([
  ['repositories/My Shop.git', 'trees/fix'],
  ['My Shop/.bare', 'My Shop/fix'],
])('the bare repository %s is the project of its worktrees', (repository, tree) => {
  write(`${repository}/HEAD`);
  const worktree = `${folder}/${repository}/worktrees/fix`;
  const at = write(`${tree}/.git`, `gitdir: ${worktree}\n`);
  expect(demandProject(at)).toEqual({ project: 'my-shop', instance: 'fix', worktree });
  write('My Shop/.git', 'gitdir: ./.bare\n');
  expect(demandProject(join(folder, 'My Shop'))).toEqual({ project: 'my-shop' });
});

test('a submodule is a project of its own, wherever its superproject has it', () => {
  write('shop/.git/HEAD');
  const at = write('shop/worktrees/lib/.git', 'gitdir: ../../.git/modules/worktrees/lib\n');
  expect(demandProject(at)).toEqual({ project: 'lib' });
});

test('a worktree without the file has that of the main one', () => {
  write('My Shop/.git/HEAD');
  write('My Shop/.supervisor.json', '{"project": "shop"}');
  write('My Shop/api/.supervisor.json', '{"project": "shop"}');
  const at = write('.supervisor.json', '{"project": "all"}');
  const copy = write('fix/.git', `gitdir: ${folder}/My Shop/.git/worktrees/fix\n`);
  expect(demandProject(copy)).toMatchObject({ project: 'shop', instance: 'fix' });
  expect(findProjectFile(write('fix/api/src/x'))).toBe(join(at, 'My Shop/api/.supervisor.json'));
  expect(findProjectFile(write('fix/web/x'))).toBe(join(at, 'My Shop/.supervisor.json'));
  write('fix/.supervisor.json', '{"project": "own"}');
  expect(demandProject(join(copy, 'api/src'))).toMatchObject({ project: 'own', instance: 'fix' });
});

test('what lies above the main copy is not of a worktree elsewhere', () => {
  write('code/shop/.git/HEAD');
  write('code/.supervisor.json', '{"project": "code"}');
  const copy = write('trees/fix/.git', `gitdir: ${folder}/code/shop/.git/worktrees/fix\n`);
  expect(demandProject(copy)).toMatchObject({ project: 'shop', instance: 'fix' });
  const at = write('trees/.supervisor.json', '{"project": "trees"}');
  expect(findProjectFile(write('trees/fix/src/x'))).toBe(join(at, '.supervisor.json'));
});

test('a file of another user is none', () => {
  const at = write('shop/.supervisor.json', '{"project": "shop"}');
  const [own, other] = [statSync(at).uid === 0 ? 4242 : statSync(at).uid, 4343];
  const asUser = jest.spyOn(process, 'getuid' as never) as unknown as jest.SpiedFunction<() => number>;
  if (process.getuid!() === 0) for (const path of [at, join(at, '.supervisor.json')]) chownSync(path, own, own);
  asUser.mockReturnValue(own);
  expect(demandProject(at)).toEqual({ project: 'shop' });
  asUser.mockReturnValue(other);
  expect(demandProject(at)).toEqual({});
  asUser.mockRestore();
});

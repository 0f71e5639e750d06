import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudflareFake, FakeGoogleCloud } from '@supervisor/fakes';
import { root, TestHome } from './harness.js';

// What a stranger does: paste the README's first block into a file and run it.
const published = ['core', 'db', 'secrets', 'ports', 'timing', 'knowledge'];
const others = ['auth', 'rest', 'mcp', 'client'];

let folder: string;
let home: TestHome;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-readme-'));
  home = await TestHome.create();
});
afterAll(async () => {
  await home.remove();
  rmSync(folder, { recursive: true, force: true });
});

function paste(name: string, project: string): string {
  const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
  const file = join(project, `${name}.mjs`);
  writeFileSync(file, /```js\n([^]*?)```/.exec(readme)![1]!);
  return file;
}

/** Every `console.log` of the block says in a comment what it prints. */
function promised(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/console\.log\(.*\); \/\/ ([^,\n]*(?:\{.*\}|\[.*\])?)/g)].map(([, text]) => text!);
}

test.each(others)('packages/%s/README.md runs as pasted', async (name) => {
  await home.start().catch(() => {});
  const project = mkdtempSync(join(folder, `${name}-`));
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
  const file = paste(name, project);
  const { stdout, stderr } = await home.run([file]);
  expect(stderr).toBe('');
  for (const text of promised(file)) expect(stdout).toContain(text);
});

test('packages/cloudflare/README.md runs as pasted, against what the demo starts', async () => {
  const fake = new CloudflareFake();
  await fake.listen();
  const project = mkdtempSync(join(folder, 'cloudflare-'));
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
  const env = { CLOUDFLARE_API: fake.url, CLOUDFLARE_ACCOUNT: fake.account, CLOUDFLARE_TOKEN: fake.token };
  const { stdout, stderr } = await home.run([paste('cloudflare', project)], '', env);
  await fake.close();
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual(promised(join(project, 'cloudflare.mjs')));
  expect(fake.state.records.size).toBe(0);
});

test('packages/gcloud/README.md runs as pasted, against what the demo starts', async () => {
  const google = new FakeGoogleCloud({ operationSeconds: 0.5, waitMilliseconds: 100 });
  await google.listen();
  const project = mkdtempSync(join(folder, 'gcloud-'));
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
  const env = { GOOGLE_API: google.url, GOOGLE_PROJECT: google.world.project, GOOGLE_KEY: google.identity.newKey() };
  const { stdout, stderr } = await home.run([paste('gcloud', project)], '', env);
  await google.close();
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual(promised(join(project, 'gcloud.mjs')));
  expect(google.world.instances.size).toBe(0);
});

test('the packed packages install elsewhere, and their READMEs run there', async () => {
  const tarballs = join(folder, 'tarballs');
  const project = join(folder, 'project');
  mkdirSync(tarballs);
  mkdirSync(project);
  const npm = (args: string[], cwd: string) =>
    execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, stdio: 'pipe' });
  npm(['pack', '--pack-destination', tarballs, ...published.flatMap((name) => ['-w', `packages/${name}`])], root);
  const files = readdirSync(tarballs).map((file) => join(tarballs, file));
  expect(files).toHaveLength(published.length);
  writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}');
  npm(['install', '--prefer-offline', ...files], project);
  for (const name of published) {
    const file = paste(name, project);
    const { stdout, stderr } = await home.run([file]);
    expect({ name, stderr }).toEqual({ name, stderr: '' });
    expect(promised(file).length).toBeGreaterThan(0);
    for (const text of promised(file)) expect(stdout).toContain(text);
  }
}, 240_000);

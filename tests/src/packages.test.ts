import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './harness.js';

interface Manifest {
  name: string;
  private?: boolean;
  exports: Record<string, string | Record<string, string>>;
  dependencies?: Record<string, string>;
  [field: string]: unknown;
}

const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
const packages = readdirSync(join(root, 'packages')).map((folder) => ({ folder, manifest: read(`packages/${folder}/package.json`) }));
const published = packages.filter(({ manifest }) => !manifest.private);

interface Packed {
  name: string;
  files: { path: string; size: number }[];
}
const packed = JSON.parse(
  execFileSync(
    'npm',
    ['pack', '--dry-run', '--json', '--loglevel=error', ...published.flatMap(({ folder }) => ['-w', `packages/${folder}`])],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  ),
) as Packed[];

test('all packages but the fakes and the composition root are published, with one version', () => {
  expect(packages.filter(({ manifest }) => manifest.private).map(({ folder }) => folder)).toEqual(['fakes', 'supervisor']);
  const { projects, projectsRelationship } = (read('nx.json') as unknown as { release: Record<string, unknown> }).release;
  // The private ones are not published, but depend on exact versions of the others.
  expect(projects).toEqual(['packages/*', 'apps/*', 'tests']);
  expect(projectsRelationship).toBe('fixed');
  expect(new Set(published.map(({ manifest }) => manifest['version'])).size).toBe(1);
});

test.each(published)('packages/$folder says what a registry wants to know', ({ folder, manifest }) => {
  expect(manifest).toMatchObject({
    name: `@supervisor/${folder}`,
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    description: expect.stringMatching(/^.{10,100}$/),
    publishConfig: { access: 'public' },
  });
  for (const version of Object.values(manifest.dependencies ?? {})) expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
});

test.each(published)('packages/$folder packs what it exports, and nothing else', ({ folder, manifest }) => {
  const files = packed.find(({ name }) => name === manifest.name)!.files.map(({ path }) => path);
  expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']));
  const targets = Object.values(manifest.exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)));
  for (const target of targets) {
    const file = target.replace('./', '');
    expect(files).toContain(file);
    if (file === 'package.json') continue;
    // The map leads to what it is a map of: an editor shows it, and a trace names its lines.
    const { sources } = JSON.parse(readFileSync(join(root, 'packages', folder, `${file}.map`), 'utf8')) as { sources: string[] };
    for (const source of sources) expect(files).toContain(join(dirname(file), source));
  }
  if (existsSync(join(root, 'packages', folder, 'migrations'))) {
    const migrations = readdirSync(join(root, 'packages', folder, 'migrations')).filter((name) => name.endsWith('.sql'));
    expect(files).toEqual(expect.arrayContaining(migrations.map((name) => `migrations/${name}`)));
  }
  expect(files.filter((path) => !/^(dist|src|migrations)\/|^(package\.json|README\.md|LICENSE)$/.test(path))).toEqual([]);
  expect(files.filter((path) => /\.test\.|tsbuildinfo|\.env|\.key|\.sock/.test(path))).toEqual([]);
});

test('a package is packed with what it needs of ours, and no more', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'supervisor-pack-')), 'new');
  execFileSync(process.execPath, [join(root, 'tools/pack.mjs'), folder, 'ports'], { stdio: 'ignore' });
  const names = readdirSync(folder).map((file) => file.replace(/^supervisor-(.*)-\d+\.\d+\.\d+\.tgz$/, '$1'));
  expect(names.toSorted()).toEqual(['core', 'db', 'ports']);
});

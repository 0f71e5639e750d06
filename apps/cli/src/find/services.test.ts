import { expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyEdit } from './edit.js';
import { findProjects } from './projects.js';
import { findServices } from './services.js';

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-find-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const script = (dev: string) => ({ 'package.json': `{\n  "name": "vite",\n  "scripts": { "dev": ${JSON.stringify(dev)} }\n}` });

// What a folder holds, what is found, and the line after the edit; no line: nothing has to change.
const cases: [string, Record<string, string>, { service: string; variable: string; port: number; file: string }, string?][] = [
  [
    'vite without a port',
    script('vite'),
    { service: 'web', variable: 'PORT', port: 5173, file: 'package.json' },
    '"dev": "vite --port ${PORT:-5173}"',
  ],
  [
    'vite with a port',
    script('vite --host --port 3000'),
    { service: 'web', variable: 'PORT', port: 3000, file: 'package.json' },
    '"dev": "vite --host --port ${PORT:-3000}"',
  ],
  [
    'vite with a port in its configuration',
    { ...script('vite'), 'vite.config.ts': 'export default { server: { host: true, port: 3000 } };' },
    { service: 'web', variable: 'PORT', port: 3000, file: 'vite.config.ts' },
    'server: { host: true, port: Number(process.env.PORT ?? 3000) }',
  ],
  [
    'a script of another name',
    { 'package.json': '{ "scripts": { "dev:api": "PORT=4000 node server.js", "test:api": "PORT=4001 node test.js" } }' },
    { service: 'api', variable: 'API_PORT', port: 4000, file: 'package.json' },
    '"dev:api": "PORT=${API_PORT:-4000} node server.js"',
  ],
  ['next', script('next dev'), { service: 'web', variable: 'PORT', port: 3000, file: 'package.json' }],
  [
    'next with a flag',
    script('next dev -p 4000'),
    { service: 'web', variable: 'PORT', port: 4000, file: 'package.json' },
    '"dev": "next dev -p ${PORT:-4000}"',
  ],
  [
    'an assignment in front',
    script('API_PORT=4001 node api.js'),
    { service: 'api', variable: 'API_PORT', port: 4001, file: 'package.json' },
    '"dev": "API_PORT=${API_PORT:-4001} node api.js"',
  ],
  [
    'a server that listens on a fixed port',
    { ...script('node --watch server.mjs'), 'server.mjs': 'createServer(answer).listen(3000, () => {});' },
    { service: 'web', variable: 'PORT', port: 3000, file: 'server.mjs' },
    '.listen(process.env.PORT ?? 3000, () => {})',
  ],
  [
    'a server that reads PORT',
    { ...script('node server.js'), 'server.js': 'app.listen(process.env.PORT || 8081)' },
    { service: 'web', variable: 'PORT', port: 8081, file: 'server.js' },
  ],
  ['a variable', { '.env': 'ADMIN_UI_PORT=3005\n' }, { service: 'admin-ui', variable: 'ADMIN_UI_PORT', port: 3005, file: '.env' }],
  [
    'a Procfile',
    { Procfile: 'worker: node worker.js --port 3009\n' },
    { service: 'worker', variable: 'WORKER_PORT', port: 3009, file: 'Procfile' },
    'worker: node worker.js --port ${WORKER_PORT:-3009}',
  ],
  [
    'compose',
    { 'compose.yaml': 'services:\n  cache:\n    ports: ["127.0.0.1:6380:6379"]\n' },
    { service: 'cache', variable: 'CACHE_PORT', port: 6380, file: 'compose.yaml' },
    'ports: ["127.0.0.1:${CACHE_PORT:-6380}:6379"]',
  ],
  [
    'compose with a variable',
    { 'docker-compose.yml': 'services:\n  db:\n    ports:\n      - "${PG_PORT:-5433}:5432"\n' },
    { service: 'db', variable: 'PG_PORT', port: 5433, file: 'docker-compose.yml' },
  ],
  [
    'compose, the long form',
    { 'compose.yml': 'services:\n  db:\n    ports:\n      - target: 5432\n        published: "5433"\n' },
    { service: 'db', variable: 'DB_PORT', port: 5433, file: 'compose.yml' },
  ],
];

test.each(cases.map(([name, files, expected, line = '']) => ({ name, files, expected, line })))('$name', ({ files, expected, line }) => {
  const folder = folderWith(files);
  const [found, ...others] = findServices(folder);
  expect(others).toEqual([]);
  expect(found).toMatchObject(expected);
  expect(found!.edit !== undefined).toBe(line !== '');
  if (line === '') return;
  const edited = applyEdit(folder, found!)!;
  expect(edited).toContain(line);
  writeFileSync(join(folder, found!.file), edited);
  const [{ edit, ...again } = {}] = findServices(folder);
  expect(edit).toBeUndefined();
  expect(again).toMatchObject(expected);
});

test('what is no service of its own is left out', () => {
  const files = { '.env': 'DB_PORT=5432\nEXPORT=3000\nPORT=x\n', 'compose.yaml': 'services: [', ...script('vite build'), Procfile: 'x' };
  expect(findServices(folderWith(files))).toEqual([]);
  expect(findServices(folderWith({ 'package.json': '{' }))).toEqual([]);
  expect(findServices('/nowhere')).toEqual([]);
});

test('a port in .env wins, and the script still learns to read it', () => {
  const [found] = findServices(folderWith({ ...script('vite'), '.env': 'PORT=3000\n' }));
  expect(found).toMatchObject({ port: 3000, file: 'package.json', edit: { to: '"dev": "vite --port ${PORT:-5173}"' } });
});

const scripts = (all: Record<string, string>) => folderWith({ 'package.json': JSON.stringify({ scripts: all }) });

test.each([
  ['psql', 'psql -p 5432 shop'],
  ['query', 'psql -p 5433 shop'],
  ['remote', 'ssh -p 2222 me@host'],
  ['api:ssh', 'ssh -p 2222 me@host'],
  ['dev:proxy', 'cloud-sql-proxy --port 5432 shop'],
  ['cloud', 'cloud-sql-proxy --port 5433 shop'],
  ['flush', 'redis-cli -p 6379 flushall'],
  ['db:migrate', 'PORT=4000 node migrate.js'],
  ['up', 'PORT=4000 node migrate.js'],
  ['year', 'mkdir -p 2024'],
  ['sync', 'DB_PORT=5433 node sync.js'],
  ['docs:build', 'vite build --port 4000'],
])('%s: %s starts no service', (name, command) => {
  expect(findServices(scripts({ [name]: command }))).toEqual([]);
});

test.each([
  ['dev:api', 'node api.js --port 4000', 'api'],
  ['start-web', 'node web.js -p 4000', 'start-web'],
  ['worker', 'node worker.js --port 4000', 'worker'],
  ['billing', 'PORT=4000 node billing.js', 'billing'],
  ['billing', 'BILLING_PORT=4000 node billing.js', 'billing'],
  ['billing', 'node billing.js -p ${BILLING_PORT:-4000}', 'billing'],
  ['billing', 'mkdir -p tmp && PORT=4000 node src/db/server.js', 'billing'],
  ['shop', 'next dev -p 4000', 'shop'],
  ['fake', 'json-server --port 4000 db.json', 'fake'],
  ['dev:api', 'mkdir -p tmp && PORT=4000 node server.js', 'api'],
])('%s: %s starts a service', (name, command, service) => {
  expect(findServices(scripts({ [name]: command }))).toMatchObject([{ service, port: 4000 }]);
});

test('a folder that goes while it is looked at ends nothing', () => {
  const root = folderWith({ 'package.json': '{}' });
  mkdirSync(join(root, 'gone'));
  expect(findProjects(root, (count) => count === 2 && rmSync(join(root, 'gone'), { recursive: true })).projects).toHaveLength(1);
});

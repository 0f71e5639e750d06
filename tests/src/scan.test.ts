import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestHome } from './harness.js';
import { withTerminal } from './terminal.js';

// Of no provider's form, and found by its variable's name.
const key = ['fk', '9Qw3rT7yU1oP5aS8dF'].join('_');
const database = (stage: string) => `postgres://app:${['Hk7', stage, 'w2Rq9'].join('-')}@${stage}.example.com/shop`;
let home: TestHome;
let code: string;

beforeAll(async () => {
  home = await TestHome.create();
  await home.start();
  code = join(home.work, 'code');
  write('shop/.git/HEAD', '');
  write('shop/package.json', '{"scripts": {"dev": "vite --port 3000"}}');
  write('shop/.env', `# keep this\nexport STRIPE_SECRET_KEY="${key}"\nDEBUG=1\n`, 0o600);
  write('shop/.env.staging', `DATABASE_URL=${database('staging')} # since May\nSTRIPE_SECRET_KEY=${key}\n`);
  write('shop/.env.production', `DATABASE_URL=${database('production')}\n`);
  write('shop/.env.local', `DATABASE_URL=${database('local')}\n`);
  write('shop/.env.twice', `DATABASE_URL=${database('one')}\nDATABASE_URL=${database('two')}\n`);
  symlinkSync('nowhere', join(code, 'shop/.env.gone'));
  write('api/.git/HEAD', '');
  write('api/package.json', '{"scripts": {"start": "node server.js"}}');
  write('api/server.js', 'server.listen(3000)');
  write('api/.env', `STRIPE_SECRET_KEY=${key}\n`);
  write('api/node_modules/x/package.json', '{"scripts": {"dev": "vite --port 3000"}}');
  write('mono/.git/HEAD', '');
  for (const [part, port] of [
    ['web', 5171],
    ['app/web', 5172],
  ])
    write(`mono/${part}/package.json`, `{"scripts": {"dev": "vite --port ${port}"}}`);
  write('data/package.json', '{"scripts": {"dev": "next dev -p 3300", "api": "PORT=4000 node server.js"}}');
  write('data/.git/HEAD', '');
  write('data/compose.yaml', 'services:\n  db:\n    ports: ["5432:5432"]\n');
  write('data/.env', 'DATABASE_URL=postgres://app:Hk7x-w2Rq9@localhost:5432/data\nAPI_URL=http://localhost:4000/v1\n');
  write('stack/compose.yaml', 'services:\n  cache:\n    ports: ["6380:6379"]\n');
});
afterAll(() => home.remove());

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(join(code, path, '..'), { recursive: true });
  writeFileSync(join(code, path), text, { mode });
}
const read = (path: string) => readFileSync(join(code, path), 'utf8');

test('scan names who collides and where a key lies, shows no value and changes nothing', async () => {
  const { stdout, code: exit } = await home.cli('scan', code);
  expect(exit).toBe(0);
  expect(stdout).toContain('5 projects below');
  expect(stdout).toMatch(/mono +app-web 5172 .*web 5171|mono +web 5171 .*app-web 5172|mono +web 5172 .*web-app 5171/);
  expect(stdout).toContain('api/web and shop/web both want 3000');
  expect(stdout).toMatch(/the key [0-9a-f]{8} lies in 3 files: api\/\.env, shop\/\.env, shop\/\.env\.staging/);
  expect(stdout).toMatch(/supervisor scan .* --import takes them over/);
  expect(stdout).not.toContain(key);
  expect(existsSync(join(code, 'shop/.supervisor.json'))).toBe(false);
  const json = (await home.cli('scan', code, '--json')).stdout;
  expect(json).not.toContain(key);
  expect(JSON.parse(json)).toMatchObject({ collisions: [{ port: 3000, wantedBy: ['api/web', 'shop/web'] }] });
  expect(await home.cli('scan', code, '--import')).toMatchObject({ code: 2, stderr: expect.stringContaining('on a terminal') });
});

withTerminal('import asks for each project, keeps ports and moves keys', async () => {
  const { shown, code: exit } = home.onTerminal(['scan', code, '--import'], 'y\nn\nn\ny\nn\n');
  expect(exit).toBe(0);
  expect(shown).toContain('web keeps 3000');
  expect(shown).toMatch(/web gets 3\d\d\d: Port 3000 belongs to api\/web/);
  expect(shown).not.toContain(key);
  expect(read('shop/.env')).toBe('# keep this\nexport STRIPE_SECRET_KEY=supervisor://shop/stripe/secret_key\nDEBUG=1\n');
  expect(statSync(join(code, 'shop/.env')).mode & 0o777).toBe(0o600);
  expect(JSON.parse(read('shop/.supervisor.json'))).toEqual({
    project: 'shop',
    ports: { PORT: 'web' },
    secrets: { STRIPE_SECRET_KEY: 'shop/stripe/secret_key', DATABASE_URL: 'shop/app/database_url' },
  });
  expect(read('shop/.env.staging')).toBe(
    'DATABASE_URL=supervisor://shop/staging/database_url # since May\nSTRIPE_SECRET_KEY=supervisor://shop/stripe/secret_key\n',
  );
  expect(read('shop/.env.twice')).toContain(database('one'));
  expect(shown).toContain('.env.twice keeps DATABASE_URL');
  const revealed = async (path: string) => JSON.parse((await home.cli('secrets', 'retrieve', path, '--json')).stdout) as unknown;
  for (const [path, stage] of [
    ['app', 'local'],
    ['staging', 'staging'],
    ['production', 'production'],
  ])
    expect(await revealed(`shop/${path}/database_url`)).toMatchObject({ value: database(stage!), version: 1 });
  expect(existsSync(join(code, 'stack/.supervisor.json'))).toBe(false);
  const ran = home.onTerminal(['run', '--', 'sh', '-c', 'echo $PORT $STRIPE_SECRET_KEY'], '', join(code, 'api'));
  expect(ran.shown).toContain(`3000 ${key}`);
  expect(JSON.parse((await home.cli('scan', code, '--json')).stdout)).toMatchObject({ repeatedKeys: [], closed: [] });
});

withTerminal('init sets a project up, offers the edit, and repeating it changes nothing', async () => {
  write('shop/CLAUDE.md', '# Shop\n');
  const { shown } = home.onTerminal(['init'], 'y\n', join(code, 'shop'));
  expect(shown).toMatch(/web: http:\/\/localhost:3\d\d\d \(3000 in package\.json\)/);
  expect(shown).toContain('+ "dev": "vite --port ${PORT:-3000}"');
  expect(JSON.parse(read('shop/package.json'))).toEqual({ scripts: { dev: 'vite --port ${PORT:-3000}' } });
  expect(read('shop/CLAUDE.md')).toMatch(/^# Shop\n\n<!-- supervisor -->\n[^]*<!-- \/supervisor -->\n$/);
  const before = [read('shop/CLAUDE.md'), read('shop/.supervisor.json'), read('shop/package.json')];
  home.onTerminal(['init'], 'y\n', join(code, 'shop'));
  expect([read('shop/CLAUDE.md'), read('shop/.supervisor.json'), read('shop/package.json')]).toEqual(before);
  expect(existsSync(join(code, 'shop/AGENTS.md'))).toBe(false);
});

withTerminal('what names a port of the project is built from the one it has now, after init too', async () => {
  const data = join(code, 'data');
  const init = home.onTerminal(['init'], 'n\nn\nn\n', data).shown;
  expect(init).toMatch(/db: localhost:3\d\d\d \(5432 in compose.yaml\)/);
  expect(init).toMatch(/api: http:\/\/localhost:3\d\d\d \(4000 in package.json\)/);
  expect(init).toContain('"env": {"API_URL":"http://localhost:{{port:api}}/v1"}');
  expect(init).toContain('DATABASE_URL names a port that is another one now');
  expect(init).not.toContain('Hk7x');
  const { shown } = home.onTerminal(['scan', data, '--import'], 'y\n');
  expect(shown).toContain('compose.yaml does not take the port of db from DB_PORT yet');
  const text = 'postgres://app:{{secret:data/postgres/password}}@localhost:{{port:db}}/data';
  expect(shown).toContain(`DATABASE_URL is now ${text}`);
  expect(JSON.parse(read('data/.supervisor.json'))).toMatchObject({ env: { DATABASE_URL: text } });
  expect(read('data/.env')).toContain(`DATABASE_URL=${text}\n`);
  const ran = home.onTerminal(
    ['run', '--', 'sh', '-c', 'test "$DATABASE_URL" = "postgres://app:Hk7x-w2Rq9@localhost:$DB_PORT/data" && echo same'],
    '',
    data,
  );
  expect(ran.shown).toBe('same\n');

  // Another database since then: what was built before does not hide it.
  const proxy = `HTTPS_PROXY=http://me:${['Zk3', 'p8Lw1'].join('-')}@proxy.example.com:8080\n`;
  write('data/.env', `DATABASE_URL=${database('new')}\n${proxy}`);
  expect(home.onTerminal(['scan', data, '--import'], 'y\n').shown).toContain('.env keeps HTTPS_PROXY');
  expect(read('data/.env')).toContain(proxy);
  const now = JSON.parse(read('data/.supervisor.json')) as { env?: object };
  expect(now).toMatchObject({ secrets: { DATABASE_URL: 'data/app/database_url' } });
  expect(now.env).toBeUndefined();
  write('data/.env', `DATABASE_URL=${text}\n`);
  write('data/.env.staging', 'DATABASE_URL=supervisor://data/app/database_url\n');
  write('data/.supervisor.json', JSON.stringify({ project: 'data', env: { DATABASE_URL: text } }));
  home.onTerminal(['init'], 'n\nn\nn\n', data);
  expect(JSON.parse(read('data/.supervisor.json'))).toMatchObject({ env: { DATABASE_URL: text } });
  expect(JSON.parse(read('data/.supervisor.json'))).not.toHaveProperty('secrets');
  write('data/.env', 'DATABASE_URL=supervisor://data/app/database_url\n');
  home.onTerminal(['init'], 'n\nn\nn\n', data);
  expect(JSON.parse(read('data/.supervisor.json'))).toMatchObject({ secrets: { DATABASE_URL: 'data/app/database_url' } });
  expect(JSON.parse(read('data/.supervisor.json'))).not.toHaveProperty('env');
});

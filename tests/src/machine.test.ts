import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs, TestHome } from './harness.js';
import { withTerminal } from './terminal.js';

// A person's folder of its own: what is installed there touches nobody's.
const person = mkdtempSync(join(tmpdir(), 'supervisor-person-'));
let home: TestHome;

beforeAll(async () => {
  home = await TestHome.create({ HOME: person, XDG_CONFIG_HOME: join(person, '.config') });
  mkdirSync(join(home.work, '.git'));
});
afterAll(() => home.remove());

test('a look starts nothing, and then shows who listens', async () => {
  expect((await home.cli()).stdout).toContain('Supervisor does not run. Start it: supervisor start');
  const none = await home.cli('--json');
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(JSON.parse(none.stderr)).toMatchObject({ code: 'unavailable' });
  expect(existsSync(home.home.service)).toBe(false);
  await home.start();
  const { port } = JSON.parse((await home.cli('ports', 'allocate', 'web', '--json')).stdout) as { port: number };
  await home.cli('ports', 'allocate', 'idle');
  await home.cli('tasks', 'import', refactorings(), '--yes');
  await home.cli('tasks', 'start', 'task-1', 'refactor', 'Take it apart');
  const server = home.spawn([programs.cli, 'run', '--port', 'PORT=web', '--', process.execPath, '-e', listen]);
  await new Promise((resolve) => server.stdout!.once('data', resolve));
  const { stdout } = await home.cli();
  expect(stdout).toMatch(new RegExp(`shop\\n\\s+web\\s+${port}\\s+node \\(pid \\d+\\)\\n\\s+idle\\s+${port + 1}\\s+nobody listens`));
  expect(stdout).toMatch(/task-1 \(refactor\) runs for \d+ s, about (19|20|21) min more \(80 %: under 2\d min\)/);
  expect(JSON.parse((await home.cli('--json')).stdout)).toMatchObject({
    url: home.url,
    tasks: [{ id: 'task-1', remaining: { p50Seconds: expect.any(Number) } }],
  });
  const watching = home.spawn([programs.cli, '--watch', '--json']);
  const first = await new Promise<Buffer>((resolve) => watching.stdout!.once('data', resolve));
  watching.kill('SIGTERM');
  expect(String(first)).toMatch(/^\{"status":/);
  expect((await home.cli('ports', 'map')).stdout).toContain(`${port}–${port + 99}   shop`);
  server.kill('SIGTERM');
});

/** Eight that took twenty minutes each. */
function refactorings(): string {
  const file = join(person, 'tasks.jsonl');
  const lines = Array.from({ length: 8 }, (_, index) => ({
    id: `past-${index}`,
    project: 'shop',
    type: 'refactor',
    start: `2026-01-0${index + 1}T10:00:00Z`,
    end: `2026-01-0${index + 1}T10:20:00Z`,
    actualSeconds: 1200,
  }));
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
  return file;
}

const listen = 'require("http").createServer().listen(process.env.PORT, () => console.log("up"))';

withTerminal('mcp install shows, asks, and keeps what is there', async () => {
  mkdirSync(join(person, '.cursor'));
  writeFileSync(join(person, '.cursor', 'mcp.json'), '{"mcpServers": {"files": {"command": "files"}}}');
  const shown = await home.cli('mcp', 'install');
  expect(shown.stdout).toMatch(/Cursor \(.*\) is to be connected[^]*Nothing was written/);
  expect(shown.stdout).not.toContain('Codex');
  home.onTerminal(['mcp', 'install', 'cursor'], 'y\n');
  expect(JSON.parse(readFileSync(join(person, '.cursor', 'mcp.json'), 'utf8'))).toEqual({
    mcpServers: { files: { command: 'files' }, meta: { command: process.execPath, args: [programs.pipe, '--home', home.home.directory] } },
  });
  expect((await home.cli('mcp', 'install', 'emacs')).code).toBe(2);
});

test('doctor names what is wrong, with its mend', async () => {
  const well = await home.cli('doctor');
  expect(well).toMatchObject({ code: 0, stdout: expect.stringMatching(/ok\s+service[^]*ok\s+database[^]*ok\s+Cursor\s+is connected/) });
  writeFileSync(join(home.work, '.supervisor.json'), '{"project": "shop", "secrets": {"KEY": "mail"}}');
  const bad = { code: 1, stdout: expect.stringMatching(/!!\s+secrets\s+mail: path must look like[^]*ok\s+Cursor/) };
  expect(await home.cli('doctor')).toMatchObject(bad);
  writeFileSync(join(home.work, '.supervisor.json'), '{"project": "shop", "secrets": {"KEY": "shop/mail/key"}}');
  const missing = { code: 1, stdout: expect.stringMatching(/!!\s+secrets\s+listed here and not stored: shop\/mail\/key\n/) };
  expect(await home.cli('doctor')).toMatchObject(missing);
  await home.run([programs.cli, 'secrets', 'store', 'shop/mail/key'], 'fake');
  expect(await home.cli('doctor')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 secret listed here, all stored') });
  chmodSync(home.home.token, 0o644);
  const open = await home.cli('doctor');
  expect(open.code).toBe(1);
  expect(open.stdout).toContain(`others may read ${home.home.token}`);
  expect(open.stdout).toContain(`chmod -R go= ${home.home.directory}`);
  chmodSync(home.home.token, 0o600);
});

withTerminal('a unit starts the service at login, and uninstall keeps the home', async () => {
  const unit = join(person, '.config', 'systemd', 'user', 'supervisor.service');
  expect((await home.cli('service', 'install')).stdout).toContain(`Written: ${unit}`);
  expect(readFileSync(unit, 'utf8')).toContain(`"${programs.api}" "--unit" "--home" "${home.home.directory}"`);
  expect(await home.cli('uninstall')).toMatchObject({ code: 2, stderr: expect.stringContaining('on a terminal') });
  const { shown } = home.onTerminal(['uninstall'], 'y\n');
  expect(shown).toContain(`Kept: ${home.home.directory}`);
  expect(existsSync(unit)).toBe(false);
  expect(readFileSync(join(person, '.cursor', 'mcp.json'), 'utf8')).not.toContain('meta');
  expect(existsSync(home.home.encryptionKey)).toBe(true);
});

withTerminal('a unit obeys a stop', async () => {
  const { code } = await home.run([programs.api, '--unit', '--home', home.home.directory]);
  expect(code).toBe(0);
  expect(existsSync(home.home.service)).toBe(false);
});

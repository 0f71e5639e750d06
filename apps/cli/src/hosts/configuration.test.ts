import { describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stateOf, writeEntry } from './configuration.js';
import { hosts, type Host } from './host.js';

const entry = { command: '/usr/bin/node', args: ['/opt/supervisor/apps/mcp-server/dist/main.js', '--home', '/tmp/a "b"'] };
const foreign: Record<Host['format'], string> = {
  json: '{"mcpServers": {"meta": {"command": "other", "args": []}}, "servers": {"meta": {"command": "other", "args": []}}}',
  toml: '[mcp_servers.meta]\ncommand = "other"\nargs = []\n',
};
const kept: Record<Host['format'], string> = {
  json: '{\n  // mine\n  "theme": "dark",\n  "mcpServers": { "files": { "command": "files" } },\n}\n',
  toml: '# mine\nmodel = "o5"\n\n[mcp_servers.files]\ncommand = "files"\nargs = ["a"]\n\n[profiles.x]\nmodel = "y"\n',
};

// In a folder of the test's own.
function place(host: Host, text?: string): Host {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-hosts-'));
  const placed = { ...host, path: join(folder, 'config', 'file'), trace: join(folder, 'trace') };
  if (text !== undefined) {
    mkdirSync(dirname(placed.path));
    writeFileSync(placed.path, text, { mode: 0o640 });
  }
  return placed;
}

describe.each(hosts())('$title', (host) => {
  test('is connected once, brought up to date, and taken out again', () => {
    const placed = place(host);
    expect(stateOf(placed, entry)).toBe('absent');
    writeEntry(placed, entry);
    expect(stateOf(placed, entry)).toBe('current');
    expect(statSync(placed.path).mode & 0o777).toBe(0o600);
    const moved = { ...entry, args: ['/new/apps/mcp-server/dist/main.js'] };
    expect(stateOf(placed, moved)).toBe('outdated');
    writeEntry(placed, moved);
    writeEntry(placed, moved);
    expect(stateOf(placed, moved)).toBe('current');
    writeEntry(placed, undefined);
    expect(stateOf(placed, moved)).toBe('none');
  });

  test('keeps what stands there besides', () => {
    const placed = place(host, kept[host.format]);
    writeEntry(placed, entry);
    const text = readFileSync(placed.path, 'utf8');
    expect(text).toContain('mine');
    expect(text).toContain('files');
    expect(statSync(placed.path).mode & 0o777).toBe(0o640);
    writeEntry(placed, undefined);
    expect(readFileSync(placed.path, 'utf8').replace(/\s+/g, '')).toContain(kept[host.format].replace(/\s+/g, '').slice(0, 30));
    expect(stateOf(placed, entry)).toBe('none');
  });

  test('sees a server of somebody else under our name', () => {
    expect(stateOf(place(host, foreign[host.format]), entry)).toBe('foreign');
  });
});

test('a configuration that is not JSON is named and left alone', () => {
  const placed = place(hosts()[0]!, '{"mcpServers": ');
  expect(() => stateOf(placed, entry)).toThrow(`${placed.path} is not JSON`);
});

test('in TOML a quoted key is ours too, and the next table keeps its comment', () => {
  const codex = hosts().find(({ format }) => format === 'toml')!;
  const next = '# about files\n# twice\n[mcp_servers.files]\ncommand = "files"\n';
  const placed = place(codex, `[mcp_servers."meta"]\ncommand = "other"\nargs = []\n\n[mcp_servers.'meta'.env]\nA = "b"\n\n${next}`);
  expect(stateOf(placed, entry)).toBe('foreign');
  writeEntry(placed, entry);
  const text = readFileSync(placed.path, 'utf8');
  expect(text.match(/meta/g)).toHaveLength(1);
  expect(text).toContain(next);
  expect(stateOf(placed, entry)).toBe('current');
});

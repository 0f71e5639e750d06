import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readServiceNote } from '@supervisor/client';
import { callTool, TestHome } from './harness.js';

let home: TestHome;
beforeAll(async () => {
  home = await TestHome.create();
  home.env['HOME'] = home.work;
  mkdirSync(join(home.work, '.git'));
  await home.start();
});
afterAll(() => home.remove());

const minute = (number: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + number * 60_000).toISOString();

test('transcripts become tasks after a dry run, and what was written stays where it is', async () => {
  const folder = join(home.work, '.claude', 'projects', '-shop');
  mkdirSync(folder, { recursive: true });
  const lines = Array.from({ length: 8 }, (_, index) => {
    const at = (number: number) => minute(index * 100 + number);
    const common = { cwd: home.work, sessionId: 's' };
    return [
      { ...common, type: 'user', uuid: `request-${index}`, timestamp: at(0), message: { content: 'private words' } },
      { ...common, type: 'assistant', timestamp: at(2), message: { content: [{ type: 'text', text: 'private words' }] } },
      { ...common, type: 'user', uuid: `result-${index}`, timestamp: at(10 + index), message: { content: [{ type: 'tool_result' }] } },
    ];
  });
  const text = lines.flat().map((line) => JSON.stringify(line));
  writeFileSync(join(folder, 's.jsonl'), [...text, '{"type":"assis'].join('\n'));

  const dry = await home.cli('tasks', 'import', '--from', 'claude-code');
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(/8 tasks[^]*8 {2}shop agent_request\n[^]*--yes/) });
  expect((await home.cli('tasks', 'list', '--json')).stdout).toBe('{"tasks":[]}\n');
  expect((await home.cli('tasks', 'import', '--from', 'claude-code', '--yes')).stdout).toContain('8 were added');
  expect((await home.cli('tasks', 'import', '--from', 'claude-code', '--yes')).stdout).toContain('0 were added; 8 were there before');
  expect((await home.cli('tasks', 'estimate', 'agent_request', '--agent', 'claude-code')).stdout).toMatch(
    /\d+–\d+ minutes, from 8 similar tasks/,
  );
  const exported = await home.cli('tasks', 'export');
  expect(exported.stdout.trim().split('\n')).toHaveLength(8);
  expect(exported.stdout).not.toContain('private');
});

test('a history is replayed, and lines that make no sense are named', async () => {
  const file = join(home.work, 'history.jsonl');
  const task = (index: number) => ({ start: minute(index * 100), actualSeconds: 60 * (10 + ((index * 7) % 30)), type: 'fix' });
  const lines = Array.from({ length: 60 }, (_, index) => JSON.stringify(task(index)));
  writeFileSync(file, [...lines, '', '{"start": 1', '{"type": "fix"}'].join('\n'));
  const told = await home.cli('tasks', 'replay', file);
  expect(told).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/60, estimated 55; 2 lines were skipped\n80 % intervals +held \d+/),
  });
  expect(told.stderr).toBe(`${file}, line 62: it is not JSON\n${file}, line 63: start is missing\n`);
  const rows = (await home.cli('tasks', 'replay', file, '--json')).stdout.trim().split('\n');
  expect(rows).toHaveLength(61);
  expect(JSON.parse(rows[59]!)).toMatchObject({
    id: expect.stringMatching(/^line \w{20}$/),
    held: expect.any(Boolean),
    scope: 'agent',
    count: 59,
  });
  expect(JSON.parse(rows[60]!)).toMatchObject({ summary: { tasks: 60, skipped: 2, count: 55 } });
  // Lines without an id are told apart by what they say: another file's first line is another task.
  const imported = async (...tasks: object[]) => {
    writeFileSync(file, tasks.map((one) => JSON.stringify(one)).join('\n'));
    return (await home.cli('tasks', 'import', file, '--yes')).stdout.split('\n').at(-2);
  };
  expect(await imported(task(1), task(2), task(2))).toBe('3 were added; 0 were there before.');
  expect(await imported(task(3), task(2), task(2))).toBe('1 were added; 2 were there before.');
  writeFileSync(file, '{"type": "fix"}');
  expect(await home.cli('tasks', 'import', file, '--yes')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no task that can be added'),
  });
  expect(await home.cli('tasks', 'replay', 'nothing.jsonl')).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
});

test('an agent that says nothing is known to the service that comes after', async () => {
  const client = await home.client();
  await callTool(client, 'start_task', { id: 'quiet', type: 'fix', description: 'x', project: 'shop' });
  process.kill(readServiceNote(home.home)!.pid, 'SIGKILL');
  await home.start();
  const shown = async () => JSON.parse((await home.cli('tasks', 'get', 'quiet', '--project', 'shop', '--json')).stdout).status;
  expect(await shown()).toBe('running');
  // It looks every five seconds. Only a session that is known is seen to end.
  await sleep(8000);
  await client.close();
  for (let tries = 0; (await shown()) === 'running' && tries < 50; tries++) await sleep(100);
  expect(await shown()).toBe('abandoned');
});

test('what an agent leaves running is abandoned when its pipe ends', async () => {
  const client = await home.client();
  await callTool(client, 'start_task', { id: 'left', type: 'fix', description: 'x', project: 'shop' });
  await home.cli('tasks', 'start', 'kept', 'fix', 'x', '--project', 'shop');
  await client.close();
  const status = async (id: string) => JSON.parse((await home.cli('tasks', 'get', id, '--project', 'shop', '--json')).stdout).status;
  for (let tries = 0; (await status('left')) === 'running' && tries < 50; tries++) await sleep(100);
  expect(await status('left')).toBe('abandoned');
  expect(await status('kept')).toBe('running');
  expect((await home.cli('tasks', 'complete', 'left', '--project', 'shop', '--json')).stdout).toContain('"status":"completed"');
});

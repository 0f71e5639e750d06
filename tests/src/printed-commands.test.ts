import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, root, TestHome } from './harness.js';

// Commands of the caller's own process say theirs themselves.
const sources = join(root, 'apps/cli/src/commands');
const own = readdirSync(sources).flatMap((file) => /^Example: (.+)$/m.exec(readFileSync(join(sources, file), 'utf8'))?.[1] ?? []);

// As a person does it: every example of an operation goes into a shell. The reference has those that --help prints.
const reference = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const entries = reference.split(/^### /m).slice(1);
const examples = entries.flatMap((entry) => {
  const [, line] = /^```sh\n(.+)\n```$/m.exec(entry) ?? [];
  return line && !own.includes(line)
    ? [{ name: /^\w+/.exec(entry)![0], line, ownerAlone: entry.includes('for the owner on a terminal') }]
    : [];
});

let home: TestHome;
beforeAll(async () => {
  home = await TestHome.create();
  mkdirSync(join(home.work, '.git'));
  await home.start();
  expect((await home.cli('ports', 'allocate', 'web')).code).toBe(0);
});
afterAll(() => home.remove());

function paste(line: string, input = ''): { code: number | null; stdout: string; stderr: string } {
  const script = `supervisor() { '${process.execPath}' '${programs.cli}' "$@"; }\n${line}`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd: home.work, env: home.env, encoding: 'utf8', input });
  return { code: status, stdout, stderr };
}

// What stdin holds for an operation with a hidden field.
const hidden: Record<string, string> = { store_secret_bulk: '[{"path": "shop/stripe/api_key", "value": "fake-value"}]' };

test('there are examples', () => expect(examples.length).toBeGreaterThan(100));

test.each(examples)('$line works as pasted', ({ name, line, ownerAlone }) => {
  const { code, stderr } = paste(`${line} --json`, hidden[name] ?? 'fake-value\n');
  // The owner's are asked for on a terminal alone; that comes after their words were understood.
  if (ownerAlone) return expect(stderr).toContain('This is for the owner');
  // What there is none of is a fair answer; what was not understood is not.
  if (code !== 0) expect(JSON.parse(stderr)).toMatchObject({ code: expect.stringMatching(/^(not_found|conflict)$/) });
});

// What needs docker, another machine or the whole installation has checks of its own.
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!.trim());
const here = blocks
  .flatMap((block) => block.split('\n'))
  .filter((line) => /^(?:supervisor|curl) /.test(line) && !line.includes('example.com'));

test('the README has lines to paste', () => expect(here.length).toBeGreaterThan(2));

test.each(here)('%s works as pasted', (line) => {
  const { code, stdout } = paste(line.replaceAll('http://127.0.0.1:3099', home.url).replaceAll('~/.supervisor', home.home.directory));
  expect(code).toBe(0);
  expect(stdout).toMatch(line.includes('ports') ? /31\d\d/ : /supervisor/);
});

// These go on until somebody ends them, those end what the others need.
const endless = (line: string) => / --(follow|watch)$/.test(line);
const ended = (line: string) =>
  `${line.replace('supervisor', `exec '${process.execPath}' '${programs.cli}'`)} & shown=$!; sleep 3; kill $shown; wait $shown`;
const last = own.filter((line) => / (stop|uninstall|restore .*)$/.test(line));

describe('with what they speak of', () => {
  beforeAll(() => {
    home.env['HOME'] = join(home.work, 'person');
    for (const folder of ['person/code', 'docs']) mkdirSync(join(home.work, folder), { recursive: true });
    const files = {
      'docs/setup.md': '# Setup\n\nRun the migrations first.\n',
      'questions.jsonl': '',
      'lessons.jsonl': '',
      'history.jsonl': '',
      'config.template.yml': 'port: {{port:web}}\n',
      '.env.production': 'STRIPE_KEY=fake-value\n',
      'server.js': 'if (!process.env.PORT) process.exit(1);\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home.work, name), text);
    symlinkSync(join(root, 'packages'), join(home.work, 'packages'));
  });

  test('every command has an example', () => expect(own).toHaveLength(readdirSync(sources).length));

  test.each([...own.filter((line) => !last.includes(line)), ...last])('%s is understood', (line) => {
    const { code, stdout, stderr } = paste(endless(line) ? ended(line) : line);
    // Some need a terminal, an account or a second machine, and can only say so.
    if (code === 2) expect(stderr).toMatch(/run it on a terminal\.$/m);
    if (code !== 0 && !endless(line)) expect(stdout + stderr).toMatch(/\w+ \w+/);
    expect(stdout + stderr).not.toMatch(/There is no command|Unknown option|^\s+at |undefined/m);
  });
});

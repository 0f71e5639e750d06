import { afterEach, beforeEach, expect, jest } from '@jest/globals';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { readServiceNote } from '@supervisor/client';
import { programs, TestHome } from './harness.js';
import { createDatabase, withPostgres } from './postgres.js';
import { answerOnTerminal, hasTerminal, withTerminal } from './terminal.js';

// Each starts several services, one after the other.
jest.setTimeout(300_000);

let home: TestHome;
beforeEach(async () => {
  home = await TestHome.create();
});
afterEach(() => home.remove());

const restore = (on: TestHome, ...words: string[]) =>
  answerOnTerminal(on, [programs.cli, 'restore', ...words], { '[y/N]': 'y', Password: '' });

/** What a home answers: the same before and after. */
async function answers(on: TestHome): Promise<unknown> {
  const json = async (...words: string[]) => JSON.parse((await on.cli(...words, '--json')).stdout) as Record<string, unknown>;
  const { instance, keyId, projects } = await json('status');
  const { value } = await json('secrets', 'retrieve', 'shop/fake/key');
  return { instance, keyId, projects, value };
}

async function fill(on: TestHome): Promise<unknown> {
  await on.start();
  await on.run([programs.cli, 'secrets', 'store', 'shop/fake/key'], 'fake-value');
  await on.cli('ports', 'allocate', 'web', '--project', 'shop');
  return answers(on);
}

withTerminal('backup, go on, restore: the home is what it was, and the data before is kept', async () => {
  const before = await fill(home);
  const made = await home.cli('backup', 'one.jsonl.gz');
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/one\.jsonl\.gz: \d+ rows/), stderr: '' });
  const file = join(home.work, 'one.jsonl.gz');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(gunzipSync(readFileSync(file)).toString()).not.toContain('fake-value');
  expect(await home.cli('backup', 'one.jsonl.gz')).toMatchObject({ code: 1, stderr: expect.stringContaining('already there') });
  expect((await home.cli('backup')).code).toBe(0);
  expect((await home.cli('backups', 'list')).stdout).toContain(home.home.backups);

  await home.cli('ports', 'allocate', 'later', '--project', 'shop');
  expect(await home.cli('restore', 'one.jsonl.gz')).toMatchObject({ code: 2, stderr: expect.stringContaining('on a terminal') });
  expect((await answerOnTerminal(home, [programs.cli, 'restore', 'one.jsonl.gz'], { '[y/N]': 'n' })).shown).toContain('Nothing was done');
  const { code, shown } = await restore(home, 'one.jsonl.gz');
  expect({ code, shown }).toMatchObject({ code: 0, shown: expect.stringMatching(/is stopped[^]*Restored \d+ rows[^]*supervisor start/) });
  expect(readdirSync(home.home.directory).filter((name) => name.startsWith('data.before-'))).toHaveLength(1);
  expect((await home.cli('start')).code).toBe(0);
  expect(await answers(home)).toEqual(before);
});

withTerminal('another machine: the key and the file are enough, another key names the one that is needed', async () => {
  const before = await fill(home);
  await home.cli('backup', 'one.jsonl.gz');
  await home.stop();
  const other = await TestHome.create({ SUPERVISOR_PORT: home.env['SUPERVISOR_PORT']! });
  try {
    const file = join(home.work, 'one.jsonl.gz');
    const { keyId } = before as { keyId: string };
    const missing = await other.cli('keys', 'check', file);
    expect(missing).toMatchObject({ code: 1, stdout: expect.stringContaining(`${keyId} is missing`), stderr: '' });
    const refused = await restore(other, file);
    expect(refused).toMatchObject({ code: 1, shown: expect.stringContaining(keyId) });
    expect(existsSync(other.home.data)).toBe(false);
    mkdirSync(other.home.directory, { recursive: true });
    copyFileSync(home.home.encryptionKey, other.home.encryptionKey);
    expect(await other.cli('keys', 'check', file)).toMatchObject({ code: 0, stdout: expect.stringContaining(`${keyId} is here`) });
    expect((await restore(other, file)).code).toBe(0);
    await other.start();
    expect(await answers(other)).toEqual(before);
  } finally {
    await other.remove();
  }
});

withPostgres(
  'embedded into PostgreSQL and back',
  async (database) => {
    const before = await fill(home);
    await home.cli('backup', 'one.jsonl.gz');
    const secret = database.url.replace('//test@', '//test:fake-password@');
    expect(await restore(home, 'one.jsonl.gz', '--to', secret)).toMatchObject({
      code: 1,
      shown: expect.stringContaining('Leave the password out'),
    });
    const { code, shown } = await restore(home, 'one.jsonl.gz', '--to', database.url);
    expect({ code, shown }).toMatchObject({ code: 0, shown: expect.stringContaining(`DATABASE_URL=${database.url}`) });
    expect(existsSync(home.home.data)).toBe(false);
    // No line in .env yet: the start says what it misses, and where.
    expect(await home.cli('start')).toMatchObject({ code: 1, stderr: expect.stringContaining('.env') });
    // The checkout of the tests must stay as it is: their environment stands for its .env.
    home.env['DATABASE_URL'] = database.url;
    await home.start();
    expect(await answers(home)).toEqual(before);
    await home.cli('backup', 'two.jsonl.gz');
    const { pid } = readServiceNote(home.home)!;
    const full = await restore(home, 'one.jsonl.gz');
    expect(full).toMatchObject({ code: 1, shown: expect.stringMatching(/already holds a Supervisor.*--to/) });
    expect(full.shown).not.toContain('Go on?');
    expect(readServiceNote(home.home)).toMatchObject({ pid });
    // The settings come from the environment: there the next one belongs too.
    const second = await createDatabase();
    const moved = await restore(home, 'two.jsonl.gz', '--to', second.url);
    await second.drop();
    expect(moved.shown).toContain(`Set this where you start it: DATABASE_URL=${second.url}`);
    const back = await restore(home, 'two.jsonl.gz', '--to', 'embedded');
    expect(back).toMatchObject({ code: 0, shown: expect.stringContaining('take DATABASE_URL or DB_HOST out') });
    delete home.env['DATABASE_URL'];
    await home.start();
    expect(await answers(home)).toEqual(before);
    await home.stop();
  },
  hasTerminal,
);

withTerminal('kill -9 during a backup leaves no half file, and during a restore the old home', async () => {
  const before = await fill(home);
  await home.cli('backup', 'one.jsonl.gz');
  for (const milliseconds of [0, 40]) {
    const running = home.cli('backup', `killed-${milliseconds}.jsonl.gz`);
    await sleep(250 + milliseconds);
    await killService(home);
    const { code } = await running;
    const file = join(home.work, `killed-${milliseconds}.jsonl.gz`);
    if (code === 0 || existsSync(file)) expect(gunzipSync(readFileSync(file)).toString()).toContain('"sha256"');
    await home.start();
  }
  for (const milliseconds of [700, 1500]) {
    mkdirSync(home.work, { recursive: true });
    const running = restore(home, 'one.jsonl.gz');
    await sleep(milliseconds);
    for (const pid of processesOf(home)) process.kill(pid, 'SIGKILL');
    await running;
    rmSync(home.home.stopped, { force: true });
    await home.start();
    expect(await answers(home)).toEqual(before);
    await home.stop();
  }
});

// One that was killed before may still be named until the next is up.
async function killService(on: TestHome): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    try {
      const { pid } = JSON.parse(readFileSync(on.home.service, 'utf8')) as { pid: number };
      if (process.kill(pid, 'SIGKILL')) return;
    } catch {
      await sleep(20);
    }
  }
  throw new Error('There was no service to kill.');
}

/** The command and whatever else names this home in its environment; Linux only, none elsewhere. */
function processesOf(on: TestHome): number[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const mine = readFileSync(`/proc/${name}/environ`, 'utf8').includes(`SUPERVISOR_HOME=${on.home.directory}\0`);
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return mine && command.startsWith(process.execPath) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

// The first hour with Supervisor, as a person has it: three projects that know nothing of it, two of them wanting port 3000.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, isAlive, until } from '../../harness.mjs';

const cli = join(checkout, 'apps/cli/dist/main.cjs');
const composeUp = join(checkout, 'tools/evidence/core/first-hour/compose-up.mjs');
const projects = ['storefront', 'notifier', 'stack'];

/** Plays it in a fresh home. @returns every command with what it showed, and what was not as it should be */
export async function playFirstHour(stage) {
  const home = await stage.home();
  const hour = new Hour(stage, home);
  await home.start();
  hour.layOut();

  hour.type('scan .', { shows: ['notifier/web and storefront/web both want 3000'] });
  hour.type('scan . --import', { answers: 'y\ny\ny\n', shows: ['web keeps 3000', 'MAIL_API_KEY is now notifier/mail/api_key'] });
  for (const project of projects) hour.type('init', { in: project, answers: 'y\ny\n' });
  await hour.startAll(projects);
  hour.type('', { shows: projects });
  await hour.expectAnswers({ storefront: 'storefront', notifier: 'notifier, with its key', stack: 'cache' });

  // A second worktree of the notifier has a port of its own, and the keys that its .env never brought there.
  hour.commit('notifier', 'take the port from the environment');
  hour.git('notifier', 'worktree', 'add', '-q', '../notifier-fix');
  await hour.startAll(['notifier-fix']);
  await hour.expectAnswers({ 'notifier-fix': 'notifier, with its key' });
  hour.check(hour.url('notifier') !== hour.url('notifier-fix'), 'both worktrees of the notifier have one port');

  // The service dies; the servers run on, and the next command finds everything in its place.
  const before = hour.ports();
  process.kill(home.servicePid(), 'SIGKILL');
  hour.type('ports list', { shows: ['notifier', 'storefront'] });
  hour.check(JSON.stringify(hour.ports()) === JSON.stringify(before), 'the ledger is another one after kill -9');
  hour.type('stop', { shows: ['is stopped'] });
  hour.type('start', { shows: ['Supervisor runs'] });
  hour.type('', { shows: ['notifier', 'storefront', 'stack'] });
  hour.check(
    hour.listening().every(({ state }) => state === 'confirmed'),
    'a server that runs is not named as its project’s',
  );

  // A backup, and the same answers from a PostgreSQL that it was restored into.
  const kept = hour.ports();
  hour.type('backup first-hour.jsonl.gz', { shows: ['first-hour.jsonl.gz'] });
  const [url] = await stage.postgres('first_hour');
  hour.type(`restore first-hour.jsonl.gz --to '${url}'`, { answers: '\ny\n', shows: ['DATABASE_URL'] });
  home.env.DATABASE_URL = url;
  hour.type('start', { shows: ['Supervisor runs'] });
  hour.type('status', { shows: ['postgres'] });
  hour.check(JSON.stringify(hour.ports()) === JSON.stringify(kept), 'the ledger is another one after the restore');
  const path = 'notifier/mail/api_key';
  hour.check(
    JSON.parse(hour.ask(['secrets', 'retrieve', path, '--json'])).value === hour.mailKey,
    `${path} is another one after the restore`,
  );
  hour.endServers();
  return { scenes: hour.scenes, problems: hour.problems, home, hour };
}

class Hour {
  scenes = [];
  problems = [];
  urls = new Map();
  mailKey = ['fk', 'q7Wn3xT9bL5mR2vK8sD4'].join('-');
  #servers = [];

  constructor(stage, home) {
    this.stage = stage;
    this.home = home;
  }

  /** The three projects, each a git checkout, with what their authors have on this machine besides: an .env, and vite. */
  layOut() {
    cpSync(join(checkout, 'examples/first-hour'), this.home.work, { recursive: true });
    writeFileSync(join(this.home.work, 'notifier/.env'), `MAIL_API_KEY=${this.mailKey}\n`);
    writeFileSync(join(this.home.work, 'notifier/.gitignore'), '.env\n');
    symlinkSync(join(checkout, 'node_modules'), join(this.home.work, 'storefront/node_modules'));
    for (const project of projects) {
      this.git(project, 'init', '-q');
      this.commit(project, 'as it was');
    }
  }

  commit(project, subject) {
    this.git(project, 'add', '-A');
    this.git(project, '-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-qm', subject);
  }

  /** Types a command on a terminal of its own, and the answers to what it asks. */
  type(words, { in: project = '', answers = '', shows = [] } = {}) {
    this.stage.progress(`supervisor ${words}`);
    const command = `'${process.execPath}' '${cli}' ${words}`;
    const options = { cwd: join(this.home.work, project), env: this.home.env, input: answers, encoding: 'utf8', timeout: 120_000 };
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], options);
    const text = clean(stdout).slice(answers.length);
    this.scenes.push({ in: project, shown: `supervisor ${words}`.trim(), text });
    for (const part of shows)
      this.check(text.includes(part), `supervisor ${words} in ${project || 'the folder above'} does not show ${part}: ${text}`);
    return text;
  }

  /** What a program gets of a command. */
  ask(words, project = '') {
    const options = { cwd: join(this.home.work, project), env: this.home.env, encoding: 'utf8', timeout: 120_000 };
    return spawnSync(process.execPath, [cli, ...words], options).stdout.trim();
  }

  /** Starts the projects' own start commands under supervisor run. */
  async startAll(names) {
    const start = { storefront: ['npm', 'run', 'dev'], stack: [process.execPath, composeUp] };
    for (const name of names) {
      const words = start[name] ?? ['npm', 'start'];
      const options = { cwd: join(this.home.work, name), env: this.home.env, stdio: 'ignore', detached: true };
      const child = spawn(process.execPath, [cli, 'run', '--', ...words], options);
      this.#servers.push(child);
      this.stage.onEnd(() => endGroup(child));
      this.scenes.push({ in: name, shown: `supervisor run -- ${name === 'stack' ? 'docker compose up' : words.join(' ')} &`, text: '' });
    }
    await Promise.all(names.map((name) => until(() => this.answer(name).then(Boolean, () => false), 60_000, `${name} to answer`)));
  }

  url(name) {
    return this.ask(['url', name === 'stack' ? 'cache' : 'web'], name);
  }

  async answer(name) {
    if (!this.urls.get(name)) this.urls.set(name, this.url(name));
    const response = await fetch(this.urls.get(name), { signal: AbortSignal.timeout(2000) });
    return response.text();
  }

  async expectAnswers(expected) {
    for (const [name, text] of Object.entries(expected)) {
      const answer = await this.answer(name).catch((error) => error.message);
      this.check(answer.includes(text), `${name} answers ${JSON.stringify(answer.slice(0, 80))}`);
    }
    const urls = Object.keys(expected).map((name) => this.urls.get(name));
    this.check(new Set(urls).size === urls.length, `two projects have one address: ${urls.join(' ')}`);
  }

  /** The ledger without the service's own port. */
  ports() {
    const { allocations } = JSON.parse(this.ask(['ports', 'list', '--json']));
    return allocations
      .filter(({ project }) => project !== 'meta')
      .map(({ port, project, instance, service }) => ({ port, project, instance, service }));
  }

  listening() {
    return JSON.parse(this.ask(['ports', 'list', '--live', '--json'])).allocations.filter(({ project }) => project !== 'meta');
  }

  git(project, ...words) {
    const { status, stderr } = spawnSync('git', words, { cwd: join(this.home.work, project), encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`);
  }

  check(holds, problem) {
    if (!holds) this.problems.push(problem);
  }

  endServers() {
    for (const child of this.#servers) endGroup(child);
  }
}

// npm starts a shell that starts the server: all of them go.
function endGroup({ pid }) {
  if (pid !== undefined && isAlive(pid)) process.kill(-pid, 'SIGKILL');
}

function clean(text) {
  return text.replace(/\r/g, '').replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '');
}

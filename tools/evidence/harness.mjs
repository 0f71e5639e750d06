// What every check stands on: temporary homes, the real processes in them, and an end that leaves nothing behind.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { findService, readServiceNote } from '@supervisor/client';
import { homeAt } from '@supervisor/core/home';
import pg from 'pg';
import { freePort } from '../free-port.mjs';
import { startPostgres } from '../postgres.mjs';

export const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** One check's temporary folders, homes, processes and databases. `close()` ends and removes them all. */
export class Stage {
  #endings = [];
  #closing;
  #said = 0;

  constructor(name) {
    this.name = name;
  }

  /** Says on stderr how far a check is, at most once a second. */
  progress(text) {
    if (Date.now() - this.#said < 1000) return;
    this.#said = Date.now();
    this.note(text);
  }

  note(text) {
    process.stderr.write(`${this.name}: ${text}\n`);
  }

  /** Runs at the end, the last one first, also after a failure. */
  onEnd(ending) {
    this.#endings.push(ending);
  }

  folder() {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'supervisor-evidence-')));
    this.onEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    return folder;
  }

  /** A home of its own with a port of its own; nothing is started. `root` is the checkout that its programs are of. */
  async home({ settings = {}, root = checkout } = {}) {
    const home = new HomeOnStage(this, root, { ...settings, SUPERVISOR_PORT: String(await freePort()) });
    this.onEnd(() => home.end());
    return home;
  }

  /** A throwaway PostgreSQL with as many databases as names; answers with their URLs. */
  async postgres(...names) {
    const starting = startPostgres();
    this.onEnd(async () => (await starting)?.stop());
    const server = await starting;
    if (!server) throw new Error('There are no PostgreSQL server binaries here. Install PostgreSQL 14 or newer to see this hold.');
    for (const name of names) await query(server.url, `create database ${name}`);
    return names.map((name) => server.url.replace('/postgres?', `/${name}?`));
  }

  /** After an interrupt the check itself still runs: it must start nothing more. */
  refuseWhenClosing() {
    if (this.#closing) throw new Error('interrupted');
  }

  spawn(args, options) {
    this.refuseWhenClosing();
    const child = spawn(process.execPath, args, options);
    child.on('error', () => {});
    this.onEnd(() => child.kill('SIGKILL'));
    return child;
  }

  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    for (let ending = this.#endings.pop(); ending; ending = this.#endings.pop()) {
      await Promise.resolve()
        .then(ending)
        .catch((error) => process.stderr.write(`${this.name}: not cleaned up: ${error.message}\n`));
    }
  }
}

class HomeOnStage {
  /** Resolves with all that the service printed, and its exit code, when it has ended. */
  service;

  constructor(stage, root, settings) {
    const folder = stage.folder();
    this.stage = stage;
    this.paths = homeAt(join(folder, 'home'));
    this.work = join(folder, 'work');
    mkdirSync(this.work);
    this.programs = { api: join(root, 'apps/api/dist/main.js'), pipe: join(root, 'apps/mcp-server/dist/main.js') };
    // HOME too: whatever looks for a person's own Supervisor finds none.
    this.env = { ...inherited(), HOME: folder, SUPERVISOR_HOME: this.paths.directory, ...settings };
    this.url = `http://127.0.0.1:${settings.SUPERVISOR_PORT}`;
  }

  /** Starts the service as its owner does, and waits until it answers. */
  async start(env = {}) {
    this.service = this.run([this.programs.api], env);
    let ended;
    void this.service.then((result) => (ended = result));
    for (const deadline = Date.now() + 60_000; ; await sleep(20)) {
      const rpc = await findService(this.paths);
      if (rpc) return rpc.close();
      if (ended || Date.now() > deadline) throw new Error(`The service did not start: ${ended?.stderr ?? 'no answer within 60 s'}`);
    }
  }

  /** Runs a program of node to its end. */
  run(args, env = {}) {
    const child = this.stage.spawn([...args, '--home', this.paths.directory], { cwd: this.work, env: { ...this.env, ...env } });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].on('data', (chunk) => (output[stream] += chunk));
    child.stdin.end();
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...output })));
  }

  /** The service that runs now, as it says itself; undefined when the one that said so is dead. */
  servicePid() {
    const pid = readServiceNote(this.paths)?.pid;
    return pid !== undefined && isAlive(pid) ? pid : undefined;
  }

  async stop() {
    const pid = this.servicePid();
    if (pid === undefined) return;
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid), 15_000, `service ${pid} to end`);
  }

  /** A session on the service's socket, as a pipe or the command line has one. */
  async session(hello = { role: 'agent' }) {
    const rpc = await findService(this.paths);
    if (!rpc) throw new Error('No service answers.');
    this.stage.onEnd(() => rpc.close());
    await rpc.request('hello', hello);
    return rpc;
  }

  /** An official SDK client with a stdio server of its own. */
  async client({ args = [], env = {}, cwd = this.work } = {}) {
    const client = new Client({ name: 'evidence', version: '1.0.0' });
    const command = [this.programs.pipe, '--home', this.paths.directory, ...args];
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: command,
      env: { ...this.env, ...env },
      cwd,
      stderr: 'ignore',
    });
    this.stage.refuseWhenClosing();
    this.stage.onEnd(() => client.close());
    await client.connect(transport);
    return client;
  }

  token() {
    return readFileSync(this.paths.token, 'utf8').trim();
  }

  /** The lines of the service's log; empty before there is one. */
  log() {
    const path = join(this.paths.logs, 'service.log');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  }

  /** Every process with this home in its arguments: its pipes and its services, whoever started them. */
  processes() {
    const rows = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
    return rows.filter((row) => row.includes(this.paths.directory)).map((row) => ({ pid: parseInt(row, 10), args: row.trim() }));
  }

  async end() {
    // More than once: a pipe may be about to start a service.
    const gone = () => this.processes().every(({ pid }) => !signal(pid, 'SIGKILL'));
    await until(gone, 5000, 'the last process of a home to end');
  }
}

/** What a tool refused, with the code that agents see. */
export class Refusal extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** Calls a tool through an SDK client. Rejects with a `Refusal` when the answer is an error. */
export async function callTool(client, name, input = {}) {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: input });
  if (isError) throw new Refusal(JSON.parse(content[0].text).error);
  return structuredContent;
}

/** Runs one SQL statement on a connection of its own. */
export async function query(url, statement) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

export async function until(holds, milliseconds, what) {
  for (const deadline = Date.now() + milliseconds; !(await holds()); await sleep(10)) {
    if (Date.now() > deadline) throw new Error(`Waited ${milliseconds / 1000} s in vain for ${what}.`);
  }
}

export function isAlive(pid) {
  return signal(pid, 0);
}

/** False when there is no such process any more. */
export function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Numbers from 0 to 1, always the same for a seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function inherited() {
  return Object.fromEntries(['PATH', 'LANG', 'TMPDIR'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

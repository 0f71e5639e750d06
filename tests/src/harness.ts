import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { findService, readServiceNote } from '@supervisor/client';
import { homeAt, type Home } from '@supervisor/core';
import { scriptOf } from './terminal.js';

// The same place from src (as Jest runs it) and from dist.
export const root = fileURLToPath(new URL('../../', import.meta.url));
export const programs = {
  api: join(root, 'apps/api/dist/main.js'),
  pipe: join(root, 'apps/mcp-server/dist/main.js'),
  cli: join(root, 'apps/cli/dist/main.cjs'),
};

// For every process, whoever starts it: a command starts a service, a README's script a database.
const nodeOptions = `--require ${JSON.stringify(join(root, 'tests/for-seconds.cjs'))}`;

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
  /** How long the process stayed after its last line. */
  lingeredSeconds: number;
}

/** A home of its own with a port of its own. `remove()` ends what runs in it. */
export class TestHome {
  private readonly folder = mkdtempSync(join(tmpdir(), 'supervisor-test-'));
  readonly home: Home = homeAt(join(this.folder, 'home'));
  readonly work = join(this.folder, 'shop');
  private readonly children = new Set<ChildProcess>();
  private readonly clients = new Set<Client>();

  private constructor(readonly env: Record<string, string>) {
    mkdirSync(this.work);
    this.env['SUPERVISOR_HOME'] = this.home.directory;
  }

  static async create(settings: Record<string, string> = {}): Promise<TestHome> {
    const kept = Object.fromEntries(['PATH', 'HOME', 'LANG', 'TMPDIR'].map((name) => [name, process.env[name] ?? '']));
    return new TestHome({ ...kept, NODE_OPTIONS: nodeOptions, SUPERVISOR_PORT: String(await freePort()), ...settings });
  }

  get url(): string {
    return `http://127.0.0.1:${this.env['SUPERVISOR_PORT']}`;
  }

  /** Starts the service and waits until it answers. */
  async start(): Promise<void> {
    const child = this.spawn([programs.api], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr!.on('data', (chunk) => (stderr += chunk));
    for (let tries = 0; ; tries++) {
      const rpc = await findService(this.home);
      if (rpc) return rpc.close();
      if (child.exitCode !== null || tries > 2400) throw new Error(`The service did not start: ${stderr}`);
      await sleep(50);
    }
  }

  async stop(): Promise<void> {
    const note = readServiceNote(this.home);
    if (!note) return;
    try {
      process.kill(note.pid, 'SIGTERM');
      while (process.kill(note.pid, 0)) await sleep(20);
    } catch {
      // It is gone.
    }
  }

  /** Starts a program. */
  spawn(args: string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn(process.execPath, args, { cwd: this.work, env: this.env, ...options });
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  /** Runs a program to its end. */
  run(args: string[], input: string | Uint8Array = '', env: Record<string, string> = {}): Promise<Finished> {
    const child = this.spawn(args, { env: { ...this.env, ...env } });
    let stdout = '';
    let stderr = '';
    let last = performance.now();
    child.stdout!.on('data', (chunk) => {
      stdout += String(chunk);
      last = performance.now();
    });
    child.stderr!.on('data', (chunk) => (stderr += chunk));
    child.stdin!.end(input);
    return new Promise((resolve) =>
      child.once('close', (code) => resolve({ code, stdout, stderr, lingeredSeconds: (performance.now() - last) / 1000 })),
    );
  }

  cli(...words: string[]): Promise<Finished> {
    return this.run([programs.cli, ...words]);
  }

  /** Runs a command on a terminal of its own, where a person types the input. Both streams come as one, as on a screen. */
  onTerminal(words: string[], input = '', cwd = this.work): { code: number | null; shown: string } {
    const options = { cwd, env: this.env, input, encoding: 'utf8', timeout: 60_000 } as const;
    const { status, stdout } = spawnSync('script', scriptOf([programs.cli, ...words]), options);
    return { code: status, shown: stdout.replace(/\r/g, '').replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '') };
  }

  /** An official SDK client behind a pipe of its own. */
  async client(args: string[] = []): Promise<Client> {
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [programs.pipe, ...args],
        env: this.env,
        cwd: this.work,
        stderr: 'ignore',
      }),
    );
    this.clients.add(client);
    return client;
  }

  // One that a pipe has only just begun to start has left no note yet.
  #endLeftServices(): void {
    for (const pid of existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : []) {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        if (words.includes(this.home.directory)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  async remove(): Promise<void> {
    for (const client of this.clients) await client.close();
    await this.stop();
    for (const child of this.children) child.kill('SIGKILL');
    this.#endLeftServices();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface ToolAnswer {
  structuredContent?: Record<string, unknown>;
  content: { text: string }[];
  isError?: boolean;
}

export async function callTool(client: Client, name: string, input: object): Promise<ToolAnswer> {
  return (await client.callTool({ name, arguments: input as Record<string, unknown> })) as unknown as ToolAnswer;
}

import { until } from './harness.mjs';

/** A stdio server spoken to by lines, also by such as no client would send. */
export class RawPipe {
  /** What came on stdout and is not JSON-RPC. */
  stray = [];
  answers = new Map();
  /** How many answers had no id: to lines that are not JSON. */
  nameless = 0;
  #lastId = 1_000_000;
  #rest = '';

  constructor(home, { args = [], env = {} } = {}) {
    this.child = home.stage.spawn([home.programs.pipe, '--home', home.paths.directory, ...args], {
      cwd: home.work,
      env: { ...home.env, ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.child.stdin.on('error', () => {});
    this.child.stdout.setEncoding('utf8').on('data', (chunk) => {
      const lines = (this.#rest + chunk).split('\n');
      this.#rest = lines.pop();
      for (const line of lines) this.#take(line);
    });
    this.closed = new Promise((resolve) =>
      this.child.once('close', () => {
        if (this.#rest !== '') this.stray.push(this.#rest);
        resolve();
      }),
    );
  }

  get ended() {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Sends a message as a line of JSON, or text and bytes as they are. */
  send(message) {
    const raw = typeof message === 'string' || Buffer.isBuffer(message);
    this.child.stdin.write(raw ? message : `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  /** Sends a request and answers with the whole message that comes back; undefined when the pipe ends first. */
  async request(method, params, milliseconds = 60_000) {
    const id = ++this.#lastId;
    this.send({ id, method, params });
    await until(() => this.answers.has(id) || this.ended, milliseconds, `an answer to ${method}`);
    return this.answers.get(id);
  }

  initialize() {
    return this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'evidence', version: '1.0.0' },
    });
  }

  /** Closes stdin. @returns milliseconds until the process was gone; one that stays is killed after ten seconds */
  async closeInput() {
    const started = performance.now();
    this.child.stdin.end();
    const killer = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await this.closed;
    clearTimeout(killer);
    return performance.now() - started;
  }

  #take(line) {
    const message = parse(line);
    if (message?.jsonrpc !== '2.0' || !('id' in message || 'method' in message)) return this.stray.push(line.slice(0, 200));
    if (message.id === null) this.nameless++;
    else if (message.id !== undefined) this.answers.set(message.id, message);
  }
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

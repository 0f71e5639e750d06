/** Writes of all kinds by several writers, and what was acknowledged of each: what must be there afterwards. */
export class Ledger {
  acknowledged = 0;
  /** Ports that two owners were given, or owners that were given two ports. */
  conflicts = [];
  #ports = new Map();
  #owners = new Map();
  #secrets = new Map();
  #tasks = new Map();
  #written = 0;

  /** One write of a random kind. `call(tool, input)` answers with its output or rejects; only an answer counts. */
  async write(call, writer, random) {
    const number = this.#written++;
    await kinds.find(({ share }) => random() < share).write(this, call, writer, number);
    this.acknowledged++;
  }

  async allocate(call, project, service) {
    const { port } = await call('allocate_port', { project, service });
    const owner = `${project}/${service}`;
    const other = this.#owners.get(port) ?? owner;
    const before = this.#ports.get(owner) ?? port;
    if (other !== owner) this.conflicts.push(`port ${port} was given to ${other} and to ${owner}`);
    if (before !== port) this.conflicts.push(`${owner} was given ${before} and ${port}`);
    this.#ports.set(owner, port);
    this.#owners.set(port, owner);
  }

  async store(call, path, value) {
    await call('store_secret', { path, value });
    this.#secrets.set(path, value);
  }

  async start(call, project, id) {
    await call('start_task', { project, id, type: 'evidence', description: 'written under load' });
    this.#tasks.set(`${project} ${id}`, 'running');
  }

  /** Completes a task of this writer that runs; starts one when there is none. */
  async complete(call, project, fallback) {
    const [key] = [...this.#tasks].find(([key, status]) => status === 'running' && key.startsWith(`${project} `)) ?? [];
    if (key === undefined) return this.start(call, project, fallback);
    // Nobody else completes this one meanwhile, whatever becomes of the call.
    this.#tasks.set(key, 'completing');
    await call('complete_task', { project, id: key.slice(project.length + 1) });
    this.#tasks.set(key, 'completed');
  }

  /** Reads everything back. @returns what was acknowledged and is not there, or is there otherwise */
  async findLost(call) {
    const lost = [];
    const rows = await readAll((cursor) => call('list_ports', { limit: 500, cursor }), 'allocations');
    const listed = new Map(rows.map((row) => [`${row.project}/${row.service}`, row.port]));
    for (const [owner, port] of this.#ports) if (listed.get(owner) !== port) lost.push(`port ${port} of ${owner}`);
    if (new Set(rows.map((row) => row.port)).size !== rows.length) lost.push('a port that is listed twice');
    for (const [path, value] of this.#secrets) {
      const found = await call('retrieve_secret', { path }).catch((error) => error);
      if (found.value !== value) lost.push(`secret ${path}`);
    }
    const tasks = await readAll((cursor) => call('list_tasks', { limit: 500, cursor }), 'tasks');
    const statuses = new Map(tasks.map((task) => [`${task.project} ${task.id}`, task.status]));
    for (const [key, status] of this.#tasks) {
      const kept = status === 'completed' ? statuses.get(key) === 'completed' : statuses.has(key);
      if (!kept) lost.push(`task ${key} (${status})`);
    }
    return lost;
  }
}

// In this order, each with the chance that it is chosen when those before were not.
const kinds = [
  { share: 0.2, write: (ledger, call, writer, n) => ledger.allocate(call, `own-${writer}-${Math.floor(n / 300)}`, `service-${n}`) },
  { share: 0.1, write: (ledger, call, _writer, n) => ledger.allocate(call, `shared-${Math.floor(n / 500)}`, `service-${n}`) },
  // A service that every writer asks for: all must be told the same port.
  { share: 0.1, write: (ledger, call, _writer, n) => ledger.allocate(call, 'common', `service-${n % 7}`) },
  { share: 0.4, write: (ledger, call, writer, n) => ledger.store(call, `own-${writer}/load/secret-${n}`, `fake value ${n} of ${writer}`) },
  { share: 0.5, write: (ledger, call, writer, n) => ledger.start(call, `own-${writer}`, `task-${n}`) },
  { share: 1, write: (ledger, call, writer, n) => ledger.complete(call, `own-${writer}`, `task-${n}`) },
];

async function readAll(page, field) {
  const rows = [];
  for (let cursor; ;) {
    const answer = await page(cursor);
    rows.push(...answer[field]);
    cursor = answer.nextCursor;
    if (cursor === undefined) return rows;
  }
}

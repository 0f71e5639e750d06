import { createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import fc from 'fast-check';
import { openDatabase } from '@supervisor/db';
import { PortManager } from '@supervisor/ports';
import { portAllocations, portQuarantine } from '@supervisor/ports/schema';
import { history, range, runOnModel } from './commands.mjs';
import { checkInvariants } from './invariants.mjs';
import { LedgerModel } from './ledger-model.mjs';

/** The rules themselves, without a database: whatever happens, they promise what they should. */
export const modelHistories = {
  name: 'model-histories',
  goal: 'every invariant holds after every command',
  sizes: { histories: 100_000 },
  async run(stage, { seed, sizes }) {
    let commands = 0;
    const property = fc.property(history, (all) => {
      const model = new LedgerModel(range);
      for (const command of all) {
        const before = structuredClone(model);
        checkInvariants(before, command, runOnModel(model, command), model, range);
      }
      commands += all.length;
      stage.progress(`${commands} commands`);
    });
    const result = fc.check(property, { seed, numRuns: sizes.histories });
    const figure = `${result.numRuns} histories, ${commands} commands`;
    return { holds: !result.failed, figure, problems: result.failed ? [report(result)] : [] };
  },
};

/** The same histories on the real ledger, with real listeners: it answers as the rules do, and ends in the same state. */
export const histories = {
  name: 'histories',
  goal: 'both databases answer as the model does, command by command',
  sizes: { histories: 2000 },
  async run(stage, { seed, sizes }) {
    const [url] = await stage.postgres('histories');
    const targets = { embedded: join(stage.folder(), 'data'), PostgreSQL: url };
    const figures = [];
    const problems = [];
    for (const [kind, target] of Object.entries(targets)) {
      const real = new RealLedger(target);
      stage.onEnd(() => real.close());
      await real.open();
      let commands = 0;
      const property = fc.asyncProperty(history, async (all) => {
        await real.reset();
        const model = new LedgerModel(range);
        for (const [index, command] of all.entries()) {
          const expected = runOnModel(model, command);
          const answer = await real.run(command);
          if (!isDeepStrictEqual(answer, expected))
            throw new Error(`${index}: ${JSON.stringify(command)} was answered ${JSON.stringify(answer)}, not ${JSON.stringify(expected)}`);
        }
        const rows = [...model.held].map(([port, { service }]) => [port, service]).toSorted(([a], [b]) => a - b);
        const held = await real.held();
        if (!isDeepStrictEqual(held, rows)) throw new Error(`the ledger ends with ${JSON.stringify(held)}, not ${JSON.stringify(rows)}`);
        commands += all.length;
        stage.progress(`${kind}: ${commands} commands`);
      });
      const result = await fc.check(property, { seed, numRuns: sizes.histories });
      figures.push(`${kind} ${result.numRuns} histories, ${commands} commands, ${real.reopened} times reopened`);
      if (result.failed) problems.push(`${kind}: ${report(result)}`);
      await real.close();
    }
    return { holds: problems.length === 0, figure: figures.join('; '), problems };
  },
};

function report(result) {
  return `${result.errorInstance?.message}: ${JSON.stringify(result.counterexample)} (path ${result.counterexamplePath})`;
}

const epoch = Date.parse('2026-01-01T00:00:00Z');
const reopenEvery = 50;

/** A manager on a real database, with a clock that the history moves and listeners that it starts and ends. */
class RealLedger {
  reopened = 0;
  #restarts = 0;
  #now = 0;
  #servers = new Map();

  constructor(target) {
    this.target = target;
  }

  async open() {
    this.database = await openDatabase(this.target);
    this.#renewManager();
    const { first, last, denied: deny } = range;
    await this.ports.createPortRange('history', { first, last, deny });
  }

  async close() {
    await this.#silenceAll();
    await this.database.close();
  }

  async reset() {
    await this.#silenceAll();
    this.#now = 0;
    for (const table of [portAllocations, portQuarantine]) await this.database.orm.delete(table);
  }

  run(command) {
    return this[command.kind](command);
  }

  allocate({ service, seconds }) {
    return this.#grant(this.ports.allocatePort('history', service, { expiresInSeconds: seconds }));
  }

  pin({ service, port, seconds }) {
    return this.#grant(this.ports.allocateSpecificPort('history', service, port, { expiresInSeconds: seconds }));
  }

  release({ service }) {
    return this.ports.releasePort('history', service);
  }

  async sweep() {
    const { freed } = await this.ports.sweep();
    return { freed: freed.map(({ port }) => port).toSorted((a, b) => a - b) };
  }

  async listen({ port }) {
    if (this.#servers.has(port)) return;
    const server = createServer();
    this.#servers.set(port, server);
    await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  }

  async silence({ port }) {
    const server = this.#servers.get(port);
    this.#servers.delete(port);
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  wait({ seconds }) {
    this.#now += seconds;
  }

  // Now and then the database itself is closed and opened.
  async restart() {
    if (++this.#restarts % reopenEvery === 0) {
      await this.database.close();
      await this.open();
      this.reopened++;
    } else this.#renewManager();
  }

  async held() {
    const { allocations } = await this.ports.listAllocations({ project: 'history' });
    return allocations.map(({ port, service }) => [port, service]);
  }

  #renewManager() {
    this.ports = new PortManager({ db: this.database, clock: () => new Date(epoch + this.#now * 1000) });
  }

  async #grant(granting) {
    try {
      const { port, created, expiresAt } = await granting;
      return { port, created, expires: expiresAt === null ? null : (Date.parse(expiresAt) - epoch) / 1000 };
    } catch (error) {
      if (['exhausted', 'conflict'].includes(error.code)) return error.code;
      throw error;
    }
  }

  async #silenceAll() {
    for (const port of this.#servers.keys()) await this.silence({ port });
  }
}

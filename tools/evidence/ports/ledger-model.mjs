// What the ledger promises, as plain data: no database, no sockets, no clock but its own.
const quarantineSeconds = 30;
const sweepSeconds = 60;

/** The rules of one range and one host. Times are seconds. */
export class LedgerModel {
  now = 0;
  /** port → { service, seconds, expires, sweeps, swept } */
  held = new Map();
  /** port → until when no grant uses it */
  quarantine = new Map();
  listening = new Set();

  constructor({ first, last, denied }) {
    this.range = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter((port) => !denied.includes(port));
  }

  portOf(service) {
    for (const [port, row] of this.held) if (row.service === service) return port;
    return undefined;
  }

  allocate(service, seconds) {
    const port = this.portOf(service);
    if (port !== undefined) return { port, created: false, ...this.#renew(port, seconds) };
    for (const candidate of this.range) {
      if (this.held.has(candidate) || (this.quarantine.get(candidate) ?? 0) > this.now) continue;
      if (this.listening.has(candidate)) this.quarantine.set(candidate, this.now + quarantineSeconds);
      else return { port: candidate, created: true, ...this.#give(candidate, service, seconds) };
    }
    return 'exhausted';
  }

  pin(service, port, seconds) {
    const own = this.portOf(service);
    if (own === port) return { port, created: false, ...this.#renew(port, seconds) };
    if (own !== undefined || this.held.has(port)) return 'conflict';
    return { port, created: true, ...this.#give(port, service, seconds) };
  }

  release(service) {
    const port = this.portOf(service) ?? null;
    this.held.delete(port);
    return { released: port !== null, port };
  }

  sweep() {
    const freed = [];
    for (const [port, row] of this.held) {
      if (row.expires === null || row.expires > this.now || row.swept > this.now - sweepSeconds) continue;
      row.swept = this.now;
      if (this.listening.has(port)) row.sweeps = 0;
      else if (row.sweeps === 0) row.sweeps = 1;
      else freed.push(port);
    }
    for (const port of freed) this.held.delete(port);
    return { freed: freed.toSorted((a, b) => a - b) };
  }

  #give(port, service, seconds) {
    const expires = seconds === undefined ? null : this.now + seconds;
    this.held.set(port, { service, seconds, expires, sweeps: 0, swept: -Infinity });
    return { expires };
  }

  // Asking again renews a lease; what was given for good stays so.
  #renew(port, seconds) {
    const row = this.held.get(port);
    if (row.expires !== null) {
      row.seconds = seconds ?? row.seconds;
      row.expires = this.now + row.seconds;
      row.sweeps = 0;
    }
    return { expires: row.expires };
  }
}

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AuditTrail } from '@supervisor/auth';
import { bind } from '@supervisor/core';
import { openDatabase } from '@supervisor/db';
import { PortManager, portsModule } from '@supervisor/ports';
import { sql } from 'drizzle-orm';
import { atEnd } from './cleanup.mjs';
import { temporaryFolder } from './home.mjs';
import { interleave, medianRatio, medians } from './median.mjs';
import { postgresUrl } from './services.mjs';
import { figure } from './table.mjs';

const goal = 0.5;
const clients = 32;
const milliseconds = 1000;
const rounds = 7;
const project = 'many';
// Above what the kernel gives to outgoing connections: the probes find it free.
const range = { first: 64_000, last: 64_999 };

/** Grants per second at 32 clients, allocate and release alternating, against a bare INSERT … RETURNING and DELETE through the same pool. */
export async function measureGrants() {
  const url = await postgresUrl();
  const figures = await measureOn('embedded', join(temporaryFolder(), 'data'));
  return url ? [...figures, ...(await measureOn('PostgreSQL', url))] : figures;
}

async function measureOn(kind, target) {
  const db = await openDatabase(target);
  atEnd(() => db.close());
  const ledger = new PortManager({ db, probe: false });
  const probing = new PortManager({ db });
  await ledger.createPortRange(project, range);
  await db.orm.execute(sql`create table if not exists bare_ports (like supervisor.port_allocations including all)`);
  const rates = await interleave(rounds, {
    bare: () => rate((client) => bareGrant(db.orm, client)),
    ledger: () => rate((client) => grant(ledger, client)),
    probed: () => rate((client) => grant(probing, client)),
    audited: () => rate(audited(db, probing)),
  });
  const versus = (name) => medianRatio(rates[name], rates.bare);
  const detail = (name) => `${medians(rates[name], rates.bare, 'a second')}, ${clients} clients`;
  return [
    figure(`grants / INSERT … RETURNING, ${kind}`, versus('ledger'), { atLeast: goal, detail: detail('ledger') }),
    figure(`grants, probed / INSERT … RETURNING, ${kind}`, versus('probed'), { detail: detail('probed') }),
    figure(`grants, probed and audited / INSERT … RETURNING, ${kind}`, versus('audited'), { detail: detail('audited') }),
  ];
}

/** How many turns a second all clients have together. */
async function rate(turn) {
  let turns = 0;
  const started = performance.now();
  const work = async (client) => {
    while (performance.now() - started < milliseconds) {
      await turn(client);
      turns++;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  return (turns * 1000) / (performance.now() - started);
}

async function grant(ports, client) {
  await ports.allocatePort(project, `s${client}`);
  await ports.releasePort(project, `s${client}`);
}

// Nobody else wants its port: what a ledger without a rule would do.
async function bareGrant(orm, client) {
  const port = range.first + client;
  await orm.execute(
    sql`insert into bare_ports (port, project, instance, service, description) values (${port}, ${project}, ${''}, ${`s${client}`}, ${null}) returning *`,
  );
  await orm.execute(
    sql`delete from bare_ports where project = ${project} and instance = ${''} and service = ${`s${client}`} returning port`,
  );
}

function audited(db, ports) {
  const principal = { id: 'bench', kind: 'agent', scopes: ['read', 'use', 'write'], grants: [], boundTo: null };
  const logError = (_id, operation, error) => console.error(operation, error);
  const { call } = bind([portsModule], { ports }, { audit: new AuditTrail({ db, key: async () => randomBytes(32) }), logError });
  const context = { principal, signal: new AbortController().signal, progress: () => {} };
  return async (client) => {
    await call('allocate_port', { project, service: `s${client}` }, context);
    await call('release_port', { project, service: `s${client}` }, context);
  };
}

import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findService, readServiceNote } from '@supervisor/client';
import { homeAt } from '@supervisor/core/home';
import { freePort } from '../free-port.mjs';
import { atEnd } from './cleanup.mjs';
import { startNode } from './processes.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const startMilliseconds = 60_000;

/** A folder that is gone at the end. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-bench-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A home that was decided but never started: embedded database, a free port. Whoever starts its service obeys that. */
export async function makeHome() {
  const home = homeAt(temporaryFolder());
  const decided = { id: randomUUID(), database: { kind: 'embedded' }, port: await freePort() };
  writeFileSync(home.instance, JSON.stringify(decided), { mode: 0o600 });
  return home;
}

/** Starts the service of an embedded home. */
export async function startEmbedded() {
  const home = await makeHome();
  return startService(home, ['--auto']);
}

/** Starts a service on a PostgreSQL server, in a home of its own. */
export async function startOnPostgres(databaseUrl) {
  const key = randomBytes(32).toString('hex');
  const env = { DATABASE_URL: databaseUrl, ENCRYPTION_KEY: key, SUPERVISOR_PORT: String(await freePort()) };
  return startService(homeAt(temporaryFolder()), ['--background'], env);
}

async function startService(home, flags, env) {
  const child = startNode([`${root}apps/api/dist/main.js`, ...flags, '--home', home.directory], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { url } = await Promise.race([
    serviceUp(home),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The service ended with ${code} while it started.`);
    }),
  ]);
  return { home, url, token: readFileSync(home.token, 'utf8').trim() };
}

/** What the home's service says of itself, as soon as it is up. */
async function serviceUp(home) {
  const deadline = Date.now() + startMilliseconds;
  for (;;) {
    const note = readServiceNote(home);
    if (note) return note;
    if (Date.now() > deadline) throw new Error(`No service came up in ${home.directory}.`);
    await sleep(10);
  }
}

/** A home whose service a pipe will start. `remove` waits for that service, ends it, and removes the home. */
export async function makeColdHome() {
  const home = await makeHome();
  let removal;
  const remove = () => (removal ??= removeWithService(home));
  atEnd(remove);
  return { home, started: () => serviceUp(home), remove };
}

// Its pid is known once it is up.
async function removeWithService(home) {
  const { pid } = await serviceUp(home);
  process.kill(pid, 'SIGKILL');
  for (let rpc = await findService(home); rpc; rpc = await findService(home)) {
    rpc.close();
    await sleep(10);
  }
  rmSync(home.directory, { recursive: true, force: true });
}

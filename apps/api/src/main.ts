#!/usr/bin/env node
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readBuild } from '@supervisor/client';
import { homeAt, type Home } from '@supervisor/core/home';
import { homeFailure } from '@supervisor/core/home-failure';
import { SupervisorError } from '@supervisor/core/errors';
import { tryLock } from '@supervisor/supervisor/lock';
import { joinRunning } from './running.js';

const usage = `Usage: npm start -- [--reconfigure]
   or: node apps/api/dist/main.js [options]

Runs the service of one home: HTTP on 127.0.0.1, unless SUPERVISOR_HOST says otherwise, and a Unix socket.

  --home DIR      the home (else SUPERVISOR_HOME, else ~/.supervisor)
  --reconfigure   let the database, key and address set now replace those of the first start
  --auto          started by a pipe: obey the home alone, say nothing
  --background    started by supervisor start: say nothing
  --unit          started by systemd or launchd: as --auto, but stay when nobody calls
  --help          this text

Settings of the first start: SUPERVISOR_PORT, SUPERVISOR_HOST with SUPERVISOR_PUBLIC_URL, DATABASE_URL or DB_HOST DB_PORT
DB_NAME DB_USER DB_PASSWORD, and ENCRYPTION_KEY, from the environment or from .env in the Supervisor checkout. With none:
an embedded database and a key of its own. While a key is changed, ENCRYPTION_KEY_READ lists those that are only read
with; both may be given as ENCRYPTION_KEY_FILE and ENCRYPTION_KEY_READ_FILE.

Example: SUPERVISOR_HOME=/tmp/try SUPERVISOR_PORT=3098 npm start
`;

const build = readBuild(fileURLToPath(import.meta.resolve('@supervisor/supervisor/build')));
const joinMilliseconds = 30_000;
const checkout = fileURLToPath(new URL('../../../', import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      home: { type: 'string' },
      auto: { type: 'boolean' },
      background: { type: 'boolean' },
      unit: { type: 'boolean' },
      reconfigure: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  process.umask(0o077);
  const home = homeAt(values.home);
  // A unit of the system starts it at every login: that obeys a stop as a pipe's start does, but stays when nobody calls.
  const auto = values.auto === true || values.unit === true;
  const quiet = auto || values.background === true;
  try {
    await start(home, { auto, quiet, endIdle: values.auto === true, reconfigure: values.reconfigure });
  } catch (error) {
    await fail(home, error, quiet);
  }
}

interface Manner {
  auto: boolean;
  quiet: boolean;
  endIdle: boolean;
  reconfigure: boolean | undefined;
}

/** Makes this process the home's service, unless it has one. */
async function start(home: Home, manner: Manner): Promise<void> {
  const { auto, quiet } = manner;
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  if (!auto) rmSync(home.stopped, { force: true });
  else if (existsSync(home.stopped)) return;

  // One that starts, ends or makes way for us is gone or there in a moment.
  const deadline = Date.now() + joinMilliseconds;
  for (let lock = await lockService(home, quiet); 'holder' in lock; lock = await lockService(home, quiet)) {
    if (quiet || (await joinRunning(home, build))) return;
    if (Date.now() < deadline) continue;
    const { pid = 'unknown', since = '' } = lock.holder ?? {};
    throw new SupervisorError(
      'unavailable',
      `${home.directory} is in the hands of process ${pid} since ${since}, which does not answer. A busy machine or a large database takes its time: ${home.logs} tells. If it is stuck, end it, then start again.`,
    );
  }
  await run(home, manner);
}

// A service that a person has just stopped is still writing its last: wait for it rather than say that it runs.
async function lockService(home: Home, quiet: boolean): Promise<ReturnType<typeof tryLock>> {
  for (let tries = 0; ; tries++) {
    const lock = tryLock(home.serviceLock, 'service');
    if (quiet || !('holder' in lock) || existsSync(home.service) || tries === 50) return lock;
    await sleep(100);
  }
}

async function run(home: Home, { auto, quiet, endIdle, reconfigure }: Manner): Promise<void> {
  // Loaded only now: a start that comes second is gone before this.
  const [{ startService }, { openLog }, { banner, factsOf }, { installCommand }] = await Promise.all([
    import('./service.js'),
    import('./log.js'),
    import('./banner.js'),
    import('./command.js'),
  ]);
  const log = openLog(home);
  let ending: Promise<void> | undefined;
  const end = (why: string) => {
    ending ??= service.close().then(
      () => {
        log('info', `ended: ${why}`);
        process.exit(0);
      },
      () => process.exit(1),
    );
  };
  if (!quiet) console.log('Starting Supervisor …');
  const program = [process.execPath, fileURLToPath(import.meta.url)];
  const settings = { home, checkout, useEnvironment: !auto, reconfigure, program };
  const service = await startService({ ...settings, log, endIdle, build, onEnd: end });
  let asked: number | undefined;
  const obey = (signal: string) => {
    // Once more: at once. But one Ctrl-C comes twice, from the terminal and from npm, and a busy service hears the second late.
    if (asked !== undefined && performance.now() - asked > 2000) process.exit(1);
    asked ??= performance.now();
    end(signal);
  };
  process.on('SIGTERM', obey).on('SIGINT', obey);
  log('info', 'started', { version: service.supervisor.version, database: service.supervisor.database.kind, url: service.url });
  // A person stopped it while it was starting.
  if (auto && existsSync(home.stopped)) return end('stopped by its owner');
  if (auto) return;
  const command = installCommand(home);
  if (!quiet) console.log(banner(factsOf(service, command)));
}

// A SupervisorError says what to do; of anything else the log has the rest.
async function fail(home: Home, error: unknown, quiet: boolean): Promise<void> {
  const known = error instanceof SupervisorError ? error : (homeFailure(error, home) ?? (await unexpected(home, error)));
  try {
    if (quiet) writeFileSync(home.failure, JSON.stringify(known), { mode: 0o600 });
  } catch {
    // On a full disk, or in somebody else's home, the log of whoever started us has it.
  }
  console.error(quiet ? JSON.stringify({ at: new Date().toISOString(), level: 'error', ...known.toJSON() }) : known.message);
  process.exit(1);
}

async function unexpected(home: Home, error: unknown): Promise<SupervisorError> {
  const [{ errorFields, openLog }, { loggable }] = await Promise.all([import('./log.js'), import('@supervisor/supervisor')]);
  const id = crypto.randomUUID();
  openLog(home)('error', 'The start failed', { id, ...errorFields(loggable(error)) });
  return new SupervisorError('internal', `Supervisor cannot start. ${home.logs} has the reason under ${id}.`, { id });
}

await main();

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisorError, type Home } from '@supervisor/core';
import {
  databaseSettings,
  describeDatabase,
  describePostgres,
  lockOf,
  openDatabase,
  parsePostgresUrl,
  postgresFromVariables,
  readInstance,
  tryLock,
  variablesOf,
  writeInstance,
  type Database,
  type DatabaseSettings,
  type Instance,
  type Origin,
} from '@supervisor/db';
import { checkBackup, refuseFilled, refuseNewer, restoreBackup, type BackupHeader } from '@supervisor/db/backup';
import { keyHolders } from '@supervisor/secrets/schema';
import { defaultPort } from '../decide.js';
import { modules } from '../modules.js';
import { moveAway, restoreDirectory } from './directory.js';
import { findKey, keySources } from './find-key.js';

export { checkKeys, type KeyCheck } from './find-key.js';

export interface RestoreSettings {
  home: Home;
  /** Folder of Supervisor's own checkout, whose `.env` counts. */
  checkout: string;
  file: string;
  /** `embedded`, or a PostgreSQL URL without password; absent: the database that the home uses now. */
  to?: string | undefined;
  /** Asks for the password of a database that no setting names. */
  askPassword(user: string): Promise<string>;
}

/** A restore that can be carried out: the file is whole, its key is here, and there is a place for it. */
export interface RestorePlan {
  header: BackupHeader;
  /** Where it goes, as a person reads it. */
  database: string;
  /** Carries it out. The home's service must not run. */
  run(progress?: (rows: number, total: number) => void): Promise<Restored>;
}

export interface Restored {
  /** Where the embedded data went that was there before. */
  kept?: string | undefined;
  /** What the person still has to do, before the next start or after it. */
  todo: string[];
}

/**
 * Prepares to make a home what it was when a backup was made; changes nothing yet. Carried out it is all or nothing: what the home
 * had stays until the backup is whole in its new place, and embedded data is kept under a dated name afterwards.
 * @throws SupervisorError `wrong_key` naming the fingerprint that is needed, `conflict`, `invalid_input`; `run` also `locked`, `unavailable`
 */
export async function planRestore(settings: RestoreSettings): Promise<RestorePlan> {
  const { home, file, checkout } = settings;
  const header = await checkBackup(file);
  await refuseNewer(header, modules);
  const recorded = readInstance(home);
  const sources = keySources(checkout);
  const key = findKey(home, recorded, sources, header.keys);
  const target = await findTarget(settings, recorded, sources);
  // Before anybody is asked, and before the service is stopped for it.
  if (target.settings.kind === 'postgres') await onServer(target.settings, (database) => refuseFilled(database.orm, database));
  return { header, database: describeDatabase(target.settings), run: carryOut };

  async function carryOut(progress?: (rows: number, total: number) => void): Promise<Restored> {
    mkdirSync(home.directory, { recursive: true, mode: 0o700 });
    const locks = [await lock(home.serviceLock, 'restore')];
    try {
      locks.push(await lock(lockOf(home.data), 'restore'));
      const fill = async (database: Database) => {
        await restoreBackup(database, file, modules, { progress });
        // Who ran when the backup was made does not run here, and needs no key.
        await database.orm.delete(keyHolders);
      };
      const embedded = target.settings.kind === 'embedded';
      const before = embedded ? await restoreDirectory(home.data, fill) : await onServer(target.settings, fill);
      // From here on the home is the restored one.
      writeInstance(home, { port: defaultPort, ...recorded, id: header.instance, database: target.record, ...(key ? { key } : {}) });
      const todo = [target.todo, key && !header.keys.includes(key.id) ? toRotate(header.keys) : undefined].filter(
        (line) => line !== undefined,
      );
      return { kept: embedded ? before : moveAway(home.data), todo };
    } finally {
      for (const { release } of locks) release();
    }
  }
}

function toRotate(keys: readonly string[]): string {
  return `Its secrets are sealed under an earlier key (${keys.join(', ')}), which is read here. When it runs, supervisor keys rotate moves them to the key of now.`;
}

async function onServer(settings: DatabaseSettings, work: (database: Database) => Promise<unknown>): Promise<undefined> {
  const database = await openDatabase(settings);
  await work(database).finally(() => database.close());
}

// A service that was just told to stop is still on its way out.
const waitMilliseconds = 10_000;

async function lock(path: string, what: string): Promise<{ release(): void }> {
  const deadline = Date.now() + waitMilliseconds;
  let held = tryLock(path, what);
  for (; 'holder' in held && Date.now() < deadline; held = tryLock(path, what)) await sleep(100);
  if (!('holder' in held)) return held;
  const who = held.holder ? `process ${held.holder.pid}` : 'another process';
  throw new SupervisorError('locked', `This home is in use by ${who}. End it (supervisor stop), then restore. Nothing was changed.`);
}

interface Target {
  settings: DatabaseSettings;
  record: Instance['database'];
  todo?: string | undefined;
}

async function findTarget(
  { home, checkout, to, askPassword }: RestoreSettings,
  recorded: Instance | null,
  sources: Origin[],
): Promise<Target> {
  const named = sources.flatMap((from) => {
    const found = postgresFromVariables(variablesOf(from));
    return found ? [{ from, settings: { kind: 'postgres' as const, ...found } }] : [];
  });
  if (to === undefined && recorded) {
    const { database } = recorded;
    const same = named.find(({ settings }) => database.kind === 'postgres' && describePostgres(settings) === database.location);
    return { settings: same?.settings ?? databaseSettings(home, recorded), record: database };
  }
  if (to === 'embedded' || (to === undefined && named.length === 0)) {
    const other =
      named[0] &&
      `${describeDatabase(named[0].settings)} is still set in ${placeOf(named[0].from)}: take DATABASE_URL or DB_HOST out there, or the next start refuses.`;
    return { settings: { kind: 'embedded', directory: home.data }, record: { kind: 'embedded' }, todo: other };
  }
  const wanted = to === undefined ? named[0]!.settings : { kind: 'postgres' as const, ...parsePostgresUrl(to) };
  const location = describePostgres(wanted);
  const known = named.find(({ settings }) => describePostgres(settings) === location);
  if (known) return { settings: known.settings, record: { kind: 'postgres', location, from: known.from } };
  if (wanted.password !== undefined) {
    const message = `Leave the password out of the command: every process can see it there, and the history keeps it. It is asked for, or taken from DATABASE_URL in ${join(checkout, '.env')}.`;
    throw new SupervisorError('invalid_input', message);
  }
  // Where the settings are now; a start takes no others.
  const present = named[0]?.from ?? (recorded?.database.kind === 'postgres' ? recorded.database.from : undefined);
  const from: Origin = present ?? { envFile: join(checkout, '.env') };
  const password = await askPassword(wanted.user);
  const line = `DATABASE_URL=${password === '' ? to : to!.replace(/^(\w+:\/\/)(?:[^@/]*@)?/, `$1${encodeURIComponent(wanted.user)}:PASSWORD@`)}`;
  return {
    settings: { ...wanted, password: password || undefined },
    record: { kind: 'postgres', location, from },
    todo: `${'envFile' in from ? `Add this line to ${from.envFile}` : 'Set this where you start it'}${password === '' ? '' : ', with the password in it'}: ${line}`,
  };
}

function placeOf(from: Origin): string {
  return 'envFile' in from ? from.envFile : 'the environment';
}

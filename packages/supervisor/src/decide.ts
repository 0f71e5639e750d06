import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseOrigin, SupervisorError, type Home } from '@supervisor/core';
import {
  databaseSettings,
  describeDatabase,
  howToChange,
  postgresFromVariables,
  readInstance,
  variablesOf,
  type DatabaseSettings,
  type Instance,
  type Origin,
} from '@supervisor/db';
import { parseKey, type EncryptionKey } from '@supervisor/secrets';
import { checkReachable, loopback, parseHost, type Address } from './address.js';

export interface Settings {
  home: Home;
  /** Folder of Supervisor's own checkout, whose `.env` counts; absent when it is installed otherwise. */
  checkout?: string | undefined;
  /** False for a service that a pipe starts: it runs in some project's folder, whose variables are not ours. */
  useEnvironment: boolean;
  /** Let the settings of now replace those of the first start. */
  reconfigure?: boolean | undefined;
  /** The command that starts the service again, recorded for `connect()`. */
  program?: string[] | undefined;
}

/** What a start runs with: decided by the first one, obeyed by all later ones. */
export interface Decision {
  /** Null before the first start. */
  instance: Instance | null;
  database: DatabaseSettings;
  recordDatabase: Instance['database'];
  /** Null: none yet, and one may be made. */
  key: { text: string; from: NonNullable<Instance['key']>['from'] } | null;
  address: Address;
  program?: string[] | undefined;
}

export const defaultPort = 3099;

/**
 * Finds database, key and address: what the home recorded, else the environment, else the checkout's `.env`, else embedded.
 * @throws SupervisorError that names every problem at once.
 */
export function decide(settings: Settings): Decision {
  const problems: SupervisorError[] = [];
  const attempt = <T>(find: () => T): T | undefined => {
    try {
      return find();
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  const recorded = readInstance(settings.home);
  const obeyed = settings.reconfigure ? null : recorded;
  const sources = sourcesOf(settings, obeyed);
  const database = attempt(() => decideDatabase(settings.home, obeyed, sources));
  const key = attempt(() => decideKey(settings.home, obeyed, sources, database?.settings.kind));
  const port = attempt(() => decidePort(obeyed, sources));
  const reach = attempt(() => decideReach(obeyed, sources));
  if (!database || key === undefined || port === undefined || !reach) {
    // One cause can stand in the way of several settings.
    const messages = [...new Set(problems.map(({ message }) => message))];
    if (messages.length === 1) throw problems[0]!;
    const list = messages.map((message) => `- ${message}`).join('\n');
    throw new SupervisorError('conflict', `Supervisor cannot start:\n${list}`);
  }
  const address = { ...reach, port };
  return { instance: recorded, database: database.settings, recordDatabase: database.record, key, address, program: settings.program };
}

function sourcesOf({ checkout, useEnvironment }: Settings, recorded: Instance | null): Origin[] {
  // A service that a pipe starts obeys what was recorded and nothing else.
  if (recorded && !useEnvironment) return [];
  const sources: Origin[] = useEnvironment ? [{ environment: true }] : [];
  if (checkout !== undefined) sources.push({ envFile: join(checkout, '.env') });
  return sources;
}

function decideDatabase(
  home: Home,
  recorded: Instance | null,
  sources: Origin[],
): { settings: DatabaseSettings; record: Instance['database'] } {
  const wanted = firstOf(sources, (from) => {
    const found = postgresFromVariables(variablesOf(from));
    return found ? { from, settings: { kind: 'postgres' as const, ...found } } : null;
  });
  if (!recorded) {
    if (!wanted) return { settings: { kind: 'embedded', directory: home.data }, record: { kind: 'embedded' } };
    const location = describeDatabase(wanted.settings).replace(/^PostgreSQL at /, '');
    return { settings: wanted.settings, record: { kind: 'postgres', location, from: wanted.from } };
  }
  if (recorded.database.kind === 'embedded') {
    const settings: DatabaseSettings = { kind: 'embedded', directory: home.data };
    if (wanted) {
      throw new SupervisorError(
        'conflict',
        `This home's database is ${describeDatabase(settings)}, but the settings now name ${describeDatabase(wanted.settings)}. ${howToChange}`,
      );
    }
    return { settings, record: recorded.database };
  }
  if (wanted && describeDatabase(wanted.settings) !== `PostgreSQL at ${recorded.database.location}`) {
    throw new SupervisorError(
      'conflict',
      `This home uses PostgreSQL at ${recorded.database.location}, but the settings now name ${describeDatabase(wanted.settings)}. ${howToChange}`,
    );
  }
  return { settings: wanted?.settings ?? databaseSettings(home, recorded), record: recorded.database };
}

function decideKey(home: Home, recorded: Instance | null, sources: Origin[], kind: DatabaseSettings['kind'] | undefined): Decision['key'] {
  const wanted = firstOf(sources, (from) => {
    const text = variablesOf(from)['ENCRYPTION_KEY'];
    return text ? { text, from } : null;
  });
  const known = recorded?.key;
  if (!known) {
    const found = wanted ?? (existsSync(home.encryptionKey) ? { text: readKeyFile(home), from: { file: home.encryptionKey } } : null);
    // A database that is already there says which key it needs: then a bad one is refused once that is known.
    const mayNeedKey = kind === 'postgres' || existsSync(home.data);
    if (found && !mayNeedKey) parseKey(found.text);
    return found;
  }
  if (wanted) {
    const { fingerprint } = parseNeededKey(wanted.text, [known.id]);
    if (fingerprint !== known.id) {
      const both = `This home uses the key with fingerprint ${known.id}, but ENCRYPTION_KEY now has ${fingerprint}`;
      throw new SupervisorError('wrong_key', `${both}. ${howToChange}`);
    }
    return { text: wanted.text, from: known.from };
  }
  const text = 'file' in known.from ? readKeyFile(home) : variablesOf(known.from)['ENCRYPTION_KEY'];
  const where = 'file' in known.from ? known.from.file : 'envFile' in known.from ? known.from.envFile : 'the environment';
  if (!text) {
    const lost = `The key with fingerprint ${known.id} was in ${where} and is not there now`;
    throw new SupervisorError('wrong_key', `${lost}. Put it back, or start where ENCRYPTION_KEY is set to it.`);
  }
  const { fingerprint } = parseNeededKey(text, [known.id]);
  if (fingerprint === known.id) return { text, from: known.from };
  const changed = `This home needs the key with fingerprint ${known.id}, but ${where} now holds ${fingerprint}`;
  throw new SupervisorError('wrong_key', `${changed}. Put the old one back.`);
}

/** Reads a key; one of the wrong form is refused with the fingerprints of those that are needed. */
export function parseNeededKey(text: string, needed: readonly string[]): EncryptionKey {
  try {
    return parseKey(text);
  } catch (error) {
    if (!(error instanceof SupervisorError) || needed.length === 0) throw error;
    throw new SupervisorError('wrong_key', `${error.message} The key with fingerprint ${needed.join(' or ')} is needed.`, { needed });
  }
}

function decidePort(recorded: Instance | null, sources: Origin[]): number {
  const text = firstOf(sources, (from) => variablesOf(from)['SUPERVISOR_PORT'] || null);
  const port = text ? Number(text) : (recorded?.port ?? defaultPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SupervisorError('invalid_input', 'SUPERVISOR_PORT must be a number from 1 to 65535.');
  }
  return port;
}

function decideReach(recorded: Instance | null, sources: Origin[]): Omit<Address, 'port'> {
  const variable = (name: string) => firstOf(sources, (from) => variablesOf(from)[name] || null);
  const host = variable('SUPERVISOR_HOST');
  const publicUrl = variable('SUPERVISOR_PUBLIC_URL');
  const reach = {
    host: host ? parseHost(host) : (recorded?.host ?? loopback),
    publicUrl: publicUrl ? parseOrigin(publicUrl, 'SUPERVISOR_PUBLIC_URL') : recorded?.publicUrl,
  };
  checkReachable(reach);
  return reach;
}

/** Makes the key of an embedded home. Only its owner can read the file. */
export function generateKey(home: Home): NonNullable<Decision['key']> {
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  // On the disk before anything is sealed under it: a crash or a power cut must not leave data without its key.
  const temporary = `${home.encryptionKey}.${process.pid}.new`;
  const file = openSync(temporary, 'w', 0o600);
  writeSync(file, `${randomBytes(32).toString('hex')}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, home.encryptionKey);
  const folder = openSync(home.directory, 'r');
  fsyncSync(folder);
  closeSync(folder);
  return { text: readKeyFile(home), from: { file: home.encryptionKey } };
}

function readKeyFile(home: Home): string {
  return existsSync(home.encryptionKey) ? readFileSync(home.encryptionKey, 'utf8') : '';
}

function firstOf<From, Found>(list: From[], find: (item: From) => Found | null): Found | undefined {
  for (const item of list) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}

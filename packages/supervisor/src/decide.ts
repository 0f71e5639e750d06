import { join } from 'node:path';
import { parseOrigin, SupervisorError, type Home } from '@supervisor/core';
import {
  databaseSettings,
  describeDatabase,
  describePostgres,
  howToChange,
  postgresFromVariables,
  readInstance,
  variablesOf,
  type DatabaseSettings,
  type Instance,
  type Origin,
} from '@supervisor/db';
import { decideKeys } from './decide-key.js';
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
  /** Keys that are only read with: of a rotation that has not ended, or has not begun. */
  readKeys: string[];
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
  const database = attempt(() => {
    const decided = decideDatabase(settings.home, obeyed, sources);
    // A setting that is not there is no wish for an empty database.
    if (recorded?.database.kind === 'postgres' && decided.record.kind === 'embedded') throw noDatabaseNamed(recorded.database.location);
    return decided;
  });
  const keys = attempt(() => decideKeys(settings.home, obeyed, sources, database?.settings.kind));
  // That name is nobody else's: the first start of a home, whoever makes it, may take it from any shell.
  const port = attempt(() => decidePort(obeyed, obeyed ? sources : [{ environment: true }, ...sources]));
  const reach = attempt(() => decideReach(obeyed, sources));
  if (!database || !keys || port === undefined || !reach) {
    // One cause can stand in the way of several settings.
    const messages = [...new Set(problems.map(({ message }) => message))];
    if (messages.length === 1) throw problems[0]!;
    const list = messages.map((message) => `- ${message}`).join('\n');
    throw new SupervisorError('conflict', `Supervisor cannot start:\n${list}`);
  }
  const address = { ...reach, port };
  return { instance: recorded, database: database.settings, recordDatabase: database.record, ...keys, address, program: settings.program };
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
    const location = describePostgres(wanted.settings);
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
  if (wanted && describePostgres(wanted.settings) !== recorded.database.location) {
    throw new SupervisorError(
      'conflict',
      `This home uses PostgreSQL at ${recorded.database.location}, but the settings now name ${describeDatabase(wanted.settings)}. ${howToChange}`,
    );
  }
  return { settings: wanted?.settings ?? databaseSettings(home, recorded), record: recorded.database };
}

function noDatabaseNamed(location: string): SupervisorError {
  return new SupervisorError(
    'conflict',
    `This home uses PostgreSQL at ${location}, and no setting names a database now. Set DATABASE_URL to it or to another; supervisor restore FILE --to embedded goes back to the embedded one.`,
  );
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

function firstOf<From, Found>(list: From[], find: (item: From) => Found | null): Found | undefined {
  for (const item of list) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}

import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { SupervisorError, type Home } from '@supervisor/core';
import { z } from 'zod';
import { describePostgres } from './postgres.js';
import { describeDatabase, postgresFromVariables, type DatabaseSettings } from './settings.js';

/** Where a setting was found: a file of variables, or the environment of whoever started the service. */
const origin = z.union([z.object({ envFile: z.string() }), z.object({ environment: z.literal(true) })]);
export type Origin = z.infer<typeof origin>;

const instanceFile = z.object({
  id: z.uuid(),
  database: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('embedded') }),
    z.object({ kind: z.literal('postgres'), location: z.string(), from: origin }),
  ]),
  /** Absent until a service has decided it. `id` is the key's fingerprint, never the key. */
  key: z.object({ id: z.string(), from: z.union([origin, z.object({ file: z.string() })]) }).optional(),
  port: z.int().optional(),
  /** The IP address the service listens on; loopback where absent. */
  host: z.string().optional(),
  /** The origin that other machines use. */
  publicUrl: z.string().optional(),
  /** The command that starts the service: node and its main file. */
  program: z.array(z.string()).optional(),
});

/** What the first start decided and every later start obeys. Holds references, never a secret. */
export type Instance = z.infer<typeof instanceFile>;

/** Reads a home's instance.json; null when there is none yet. */
export function readInstance(home: Home): Instance | null {
  if (!existsSync(home.instance)) return null;
  try {
    return instanceFile.parse(JSON.parse(readFileSync(home.instance, 'utf8')));
  } catch {
    throw new SupervisorError(
      'conflict',
      `${home.instance} cannot be read as JSON of the right form. Restore it from a copy, or name another SUPERVISOR_HOME.`,
    );
  }
}

/** Makes a home with its instance.json, unless somebody else was first: then theirs is returned. */
export function createInstance(home: Home, decided: Omit<Instance, 'id'> & { id?: string }): Instance {
  mkdirSync(home.directory, { recursive: true, mode: 0o700 });
  const temporary = writeTemporary(home, { id: randomUUID(), ...decided });
  try {
    linkSync(temporary, home.instance);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary);
  }
  return readInstance(home)!;
}

/** Replaces instance.json in one step. */
export function writeInstance(home: Home, instance: Instance): void {
  renameSync(writeTemporary(home, instance), home.instance);
}

function writeTemporary(home: Home, instance: Instance): string {
  const temporary = `${home.instance}.${process.pid}.new`;
  writeFileSync(temporary, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600, flush: true });
  return temporary;
}

const secretVariables = ['DATABASE_URL', 'DB_PASSWORD'];

/**
 * The variables of an origin. A file of variables that is gone counts as empty.
 * `DB_PASSWORD_FILE` and the like name a file with the value, as containers are given secrets.
 * @throws SupervisorError `invalid_input` when such a file cannot be read
 */
export function variablesOf(from: Origin): Record<string, string | undefined> {
  const variables = 'environment' in from ? process.env : existsSync(from.envFile) ? parseEnv(readFileSync(from.envFile, 'utf8')) : {};
  const named = secretVariables.filter((name) => !variables[name] && variables[`${name}_FILE`]);
  return named.length === 0
    ? variables
    : { ...variables, ...Object.fromEntries(named.map((name) => [name, readSecretFile(`${name}_FILE`, variables[`${name}_FILE`]!)])) };
}

function readSecretFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SupervisorError('invalid_input', `${name} names ${path}, which cannot be read (${code}). Make it readable for this user.`);
  }
}

/**
 * How to reach the database an instance names.
 * @throws SupervisorError `conflict` when its settings are gone or now name another database.
 */
export function databaseSettings(home: Home, instance: Instance): DatabaseSettings {
  const { database } = instance;
  if (database.kind === 'embedded') return { kind: 'embedded', directory: home.data };
  const found = postgresFromVariables(variablesOf(database.from));
  const where = 'envFile' in database.from ? database.from.envFile : 'the environment';
  if (!found) {
    throw new SupervisorError(
      'conflict',
      `This home uses PostgreSQL at ${database.location}, set in ${where}, but no DATABASE_URL or DB_HOST is there now. Start it where they are set.`,
    );
  }
  const settings: DatabaseSettings = { kind: 'postgres', ...found };
  if (describePostgres(found) !== database.location) {
    throw new SupervisorError(
      'conflict',
      `This home uses PostgreSQL at ${database.location}, but ${where} now names ${describeDatabase(settings)}. ${howToChange}`,
    );
  }
  return settings;
}

export const howToChange =
  'Nothing was changed. To keep the old one, take the setting back; to change this home, run `supervisor start --reconfigure` or `npm start -- --reconfigure`; for a second instance, set SUPERVISOR_HOME to another folder.';

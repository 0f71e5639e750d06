import { SupervisorError } from '@supervisor/core';
import { openEmbedded } from './embedded.js';
import type { Database } from './database.js';
import { describePostgres, openPostgres, parsePostgresUrl, type PostgresSettings } from './postgres.js';

export type DatabaseSettings = { kind: 'embedded'; directory: string } | ({ kind: 'postgres' } & PostgresSettings);

/**
 * Opens a database: a folder (embedded), a `postgresql://` URL, or settings.
 * @param template what a new embedded one starts from, as `writeTemplate` writes it; an empty database when absent
 * @throws SupervisorError `locked` or `unavailable`, with what to do.
 */
export async function openDatabase(target: string | DatabaseSettings, template?: string): Promise<Database> {
  // Such as a variable that is not set: where it opened then would be the working directory.
  if (!target) throw new SupervisorError('invalid_input', 'Name the database: a folder, or postgresql://user:password@host:5432/name.');
  if (typeof target !== 'string') return target.kind === 'embedded' ? openEmbedded(target.directory, template) : openPostgres(target);
  return /^[a-z]+:\/\//.test(target) ? openPostgres(parsePostgresUrl(target)) : openEmbedded(target, template);
}

/** The PostgreSQL server that variables name: `DATABASE_URL`, or `DB_HOST` with `DB_PORT`, `DB_NAME`, `DB_USER`, `DB_PASSWORD`. */
export function postgresFromVariables(variables: Record<string, string | undefined>): PostgresSettings | null {
  if (variables['DATABASE_URL']) return parsePostgresUrl(variables['DATABASE_URL']);
  const { DB_HOST: host, DB_PORT, DB_NAME: database, DB_USER: user, DB_PASSWORD: password } = variables;
  if (!host) {
    if (database || user)
      throw new SupervisorError('invalid_input', 'DB_NAME or DB_USER is set without DB_HOST. Set DB_HOST too, or use DATABASE_URL.');
    return null;
  }
  const port = Number(DB_PORT || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new SupervisorError('invalid_input', 'DB_PORT must be a number from 1 to 65535.');
  return { host, port, database: database || 'supervisor', user: user || 'supervisor', password: password || undefined };
}

/** Names a database for a person, without user and password. */
export function describeDatabase(settings: DatabaseSettings): string {
  return settings.kind === 'embedded' ? `embedded in ${settings.directory}` : `PostgreSQL at ${describePostgres(settings)}`;
}

import { userInfo } from 'node:os';
import { SupervisorError } from '@supervisor/core';
import { parse } from 'pg-connection-string';
import type { Database, Orm } from './database.js';
import { withoutValues } from './statement-error.js';

export interface PostgresSettings {
  /** A host name, or the folder of a Unix socket. */
  host: string;
  port: number;
  database: string;
  user: string;
  password?: string | undefined;
  /** True: verify the server's certificate; or Node's TLS options. */
  ssl?: boolean | object | undefined;
}

const oldestServer = 140000;

/**
 * Opens a connection pool to PostgreSQL 14 or newer.
 * @throws SupervisorError `unavailable` when the server does not answer or is older, or a new database is not in UTF-8.
 */
export async function openPostgres(settings: PostgresSettings): Promise<Database> {
  const location = describePostgres(settings);
  // Loaded here: who works embedded waits for no driver.
  const [{ default: pg }, { drizzle }] = await Promise.all([import('pg'), import('drizzle-orm/node-postgres')]);
  const pool = new pg.Pool({
    ...settings,
    // The driver fills every empty setting from PGPASSWORD, PGOPTIONS and the like: leave it none to fill.
    password: () => settings.password ?? '',
    ssl: settings.ssl ?? false,
    sslnegotiation: 'postgres',
    client_encoding: 'UTF8',
    options: '-c application_name=supervisor',
    application_name: 'supervisor',
    max: 10,
    allowExitOnIdle: true,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 120_000,
    // Where the server is out of reach it ends nothing.
    query_timeout: 130_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  });
  // A connection that dies is replaced at the next query, and whoever waits for an answer hears of it; without listeners it
  // would end the process, one that dies while idle like one that dies within a transaction.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    const { rows } = await pool.query<{ version: string; encoding: string; used: boolean }>(
      `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
        to_regclass('supervisor.migrations') is not null as used`,
    );
    if (Number(rows[0]!.version) < oldestServer)
      throw new SupervisorError('unavailable', `PostgreSQL at ${location} is older than version 14.`);
    // SQL_ASCII keeps the bytes as they come. What is in use already goes on, and can be backed up.
    if (!rows[0]!.used && !['UTF8', 'SQL_ASCII'].includes(rows[0]!.encoding))
      throw new SupervisorError(
        'unavailable',
        `The database ${location} is in ${rows[0]!.encoding}, which cannot hold every text. Make one that can: createdb -E UTF8 -T template0 NAME`,
      );
  } catch (error) {
    await pool.end();
    if (error instanceof SupervisorError) throw error;
    throw new SupervisorError(
      'unavailable',
      `PostgreSQL at ${location} does not let us in (${reason(error)}). Check DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD, or DATABASE_URL.`,
    );
  }
  const orm = drizzle(pool) as unknown as Orm;
  // Drizzle never gives back a connection that is lost as a transaction begins: ten of those, and nobody gets one any more.
  orm._.session.transaction = async (work, config) => {
    const client = await pool.connect();
    let begun = false;
    try {
      return await (drizzle(client) as unknown as Orm)._.session.transaction((tx) => {
        begun = true;
        return work(tx);
      }, config);
    } finally {
      client.release(!begun || client.getTransactionStatus() !== 'I');
    }
  };
  let closing: Promise<void> | undefined;
  return { kind: 'postgres', location, orm: withoutValues(orm), close: () => (closing ??= pool.end()) };
}

/** `host:port/database`, without user and password. */
export function describePostgres(settings: PostgresSettings): string {
  return `${settings.host}:${settings.port}/${settings.database}`;
}

/** The settings a connection URL names; what it leaves out is the usual default, never an environment variable. */
export function parsePostgresUrl(text: string): PostgresSettings {
  if (!/^postgres(ql)?:\/\//.test(text)) throw badUrl();
  try {
    const { host, port, database, user = userInfo().username, password, ssl } = parse(text);
    return {
      host: host || 'localhost',
      port: Number(port || 5432),
      database: database || user,
      user,
      password: password || undefined,
      ssl: typeof ssl === 'object' ? ssl : ssl !== undefined && ssl !== false,
    };
  } catch {
    throw badUrl();
  }
}

function badUrl(): SupervisorError {
  return new SupervisorError('invalid_input', 'The database URL must look like postgresql://user:password@host:5432/name.');
}

// A driver's message can quote a parameter; its code and the system's own cannot.
function reason(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return 'no answer within 5 seconds';
  const known: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ENOENT: 'no socket there',
    ENOTFOUND: 'no such host',
    '28P01': 'wrong password',
    '28000': 'this user may not connect',
    '3D000': 'no such database',
    '53300': 'too many connections',
  };
  return known[code] ?? `code ${code}`;
}

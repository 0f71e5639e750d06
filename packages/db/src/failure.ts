import { SupervisorError } from '@supervisor/core';

/** The SQLSTATE of what was asked of a database that this process has closed. */
export const closed = '08003';

/** The SQLSTATE or system code of a database error, however deep Drizzle wrapped it. */
export function databaseErrorCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string') return code;
    // Only the driver's own words: what is wrapped around them quotes the statement and its values.
    if (current.cause) continue;
    if (lost.test(current.message)) return '08006';
    if (/^PGlite is closed|after calling end on the pool/.test(current.message)) return closed;
  }
  return undefined;
}

// What the driver says without a code.
const lost = /Connection terminated|timeout exceeded when trying to connect|not queryable|Query read timeout/;

const connectionLost = /^(08|57P0|53)|^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;

// Serialization failure, deadlock, lock and statement timeouts: PostgreSQL took the whole transaction back.
const givenUp = /^(40001|40P01|55P03|57014)$/;

/** What a caller may know of a failed statement: that the database is away or too busy. Anything else stays internal. */
export function databaseFailure(error: unknown): SupervisorError | undefined {
  const code = databaseErrorCode(error);
  if (code === '42501') {
    return new SupervisorError(
      'unavailable',
      'The database user lacks a right. It must own the database, or be allowed to create a schema in it.',
    );
  }
  if (code === '53100' || code === 'ENOSPC') {
    return new SupervisorError('unavailable', "The database's disk is full. Nothing is half done; free some space and try again.");
  }
  if (code === '25006') {
    return new SupervisorError(
      'unavailable',
      'The database can only be read now: its disk is nearly full, or its server is a standby. Nothing is half done; free some space and try again.',
    );
  }
  if (code !== undefined && givenUp.test(code)) {
    return new SupervisorError(
      'unavailable',
      'Others were at the same rows, or it took the database too long. Nothing is half done; try again.',
    );
  }
  if (code === undefined || !connectionLost.test(code)) return undefined;
  return new SupervisorError(
    'unavailable',
    'The database does not answer. Nothing is half done; try again when it is back (supervisor status tells).',
  );
}

/** What a statement's failure may say in a log: its kind and code. The driver's message can hold parameter values. */
export function loggable(error: unknown): unknown {
  const code = databaseErrorCode(error);
  if (!(error instanceof Error) || error.name === 'SupervisorError' || code === undefined) return error;
  const { stack = '' } = error;
  return { name: error.name, code, at: stack.slice(stack.indexOf('\n    at ')).split('\n').slice(1, 8) };
}

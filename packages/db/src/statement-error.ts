import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { Orm } from './database.js';
import { closed, databaseErrorCode } from './failure.js';

/** A statement that failed: what kind of failure, and of which constraint. Neither its text nor a value, wherever it is shown or logged. */
export class StatementError extends Error {
  override readonly name = 'StatementError';

  /**
   * @param code the SQLSTATE, or the system's code
   * @param constraint the one that was violated
   * @param column the one that must have a value and got none
   */
  constructor(
    readonly code: string | undefined,
    readonly constraint: string | undefined,
    column?: string,
  ) {
    const what = code === '23502' ? `no value for ${column}` : code === closed ? 'the database is closed' : constraint;
    super(`A statement failed (${[code ?? 'no code', what].filter(Boolean).join(', ')}).`);
  }
}

/**
 * The same database, whose failed statements throw a StatementError. Drizzle's own error has the SQL and all parameters in its
 * message, and the driver's below it quotes rows: who uses a package alone would print sealed values, texts and paths.
 */
export function withoutValues(orm: Orm): Orm {
  const { session } = orm._;
  // Whatever is asked of a database or a transaction goes through its session, by one of these two.
  const prepareQuery = session.prepareQuery.bind(session);
  session.prepareQuery = ((...query: Parameters<typeof prepareQuery>) => {
    const prepared = prepareQuery(...query) as unknown as Record<'execute' | 'all', Run>;
    for (const name of ['execute', 'all'] as const) {
      const run = prepared[name].bind(prepared);
      prepared[name] = (...values) => run(...values).catch(conceal);
    }
    return prepared;
  }) as unknown as typeof prepareQuery;
  const transaction = session.transaction.bind(session);
  session.transaction = (work, config) =>
    transaction((tx) => {
      withoutValues(tx as unknown as Orm);
      return work(tx);
    }, config).catch(conceal);
  return orm;
}

type Run = (...values: unknown[]) => Promise<unknown>;

function conceal(error: unknown): never {
  // What fails at the end of a transaction, such as a deferred constraint, comes from the embedded driver as it is.
  const ofDriver = error instanceof Error && 'severity' in error;
  if (!ofDriver && !(error instanceof DrizzleQueryError)) throw error;
  const { constraint, column } = (ofDriver ? error : (error.cause ?? {})) as { constraint?: string; column?: string };
  throw new StatementError(databaseErrorCode(error), constraint, column);
}

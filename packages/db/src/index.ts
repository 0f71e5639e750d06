export { bytes, instant, supervisor } from './columns.js';
export { rows, type Database, type Orm } from './database.js';
export { connect, defaultDatabase } from './default.js';
export { lockOf, openInMemory, restoredBeside, writeTemplate } from './embedded.js';
export { databaseErrorCode, databaseFailure, loggable } from './failure.js';
export {
  createInstance,
  databaseSettings,
  howToChange,
  readInstance,
  variablesOf,
  writeInstance,
  type Instance,
  type Origin,
} from './instance.js';
export { claim, holds, leaseColumns, leaseFor, release, renew, type Leased, type LeasedTable } from './lease.js';
export { tryLock, type Holder, type LockResult } from './lock.js';
export { migrate, pendingMigrations, readJournal, ready, type JournalRow, type MigratedModule } from './migrate.js';
export { describePostgres, parsePostgresUrl, type PostgresSettings } from './postgres.js';
export { StatementError } from './statement-error.js';
export { describeDatabase, openDatabase, postgresFromVariables, type DatabaseSettings } from './settings.js';
export { vacuum } from './vacuum.js';

import { homeAt, remembered } from '@supervisor/core';
import type { Database } from './database.js';
import { createInstance, databaseSettings, readInstance } from './instance.js';
import { ready, type MigratedModule } from './migrate.js';
import { openDatabase } from './settings.js';

/**
 * The database this home names (`SUPERVISOR_HOME`, else `~/.supervisor`); a home that does not exist yet becomes an
 * embedded one. Opened once for the process, closed when the process has nothing else to do.
 * @throws SupervisorError `locked` when the service has the embedded database open.
 */
export const defaultDatabase = remembered(async (): Promise<Database> => {
  const home = homeAt();
  const instance = readInstance(home) ?? createInstance(home, { database: { kind: 'embedded' } });
  const database = await openDatabase(databaseSettings(home, instance));
  process.once('beforeExit', () => void database.close());
  return database;
});

/** A manager's way to its database: the given or the default one, its module migrated on first use. */
export function connect(module: MigratedModule, given?: Database): () => Promise<Database> {
  return async () => {
    const database = given ?? (await defaultDatabase());
    await ready(database, module);
    return database;
  };
}

/** What the migrator needs to know of this package. */
export const taskMigrations = { name: 'timing', migrations: new URL('../migrations/', import.meta.url) };

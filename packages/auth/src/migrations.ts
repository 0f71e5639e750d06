/** What the migrator needs to know of this package. */
export const authMigrations = { name: 'auth', migrations: new URL('../migrations/', import.meta.url) };

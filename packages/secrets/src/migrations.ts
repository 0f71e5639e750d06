/** What the migrator needs to know of this package. */
export const secretMigrations = { name: 'secrets', migrations: new URL('../migrations/', import.meta.url) };

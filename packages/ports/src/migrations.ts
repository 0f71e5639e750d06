/** What the migrator needs to know of this package. */
export const portMigrations = { name: 'ports', migrations: new URL('../migrations/', import.meta.url) };

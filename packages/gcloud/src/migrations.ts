/** What the migrator needs to know of this package. */
export const gcloudMigrations = { name: 'gcloud', migrations: new URL('../migrations/', import.meta.url) };

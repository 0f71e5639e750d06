/** What the migrator needs to know of this package. */
export const cloudflareMigrations = { name: 'cloudflare', migrations: new URL('../migrations/', import.meta.url) };

/** What the migrator needs to know of this package. */
export const knowledgeMigrations = { name: 'knowledge', migrations: new URL('../migrations/', import.meta.url) };

// The services and the database server that several groups share; each is started when the first one asks.
import { startPostgres } from '../postgres.mjs';
import { atEnd } from './cleanup.mjs';
import { startEmbedded, startOnPostgres } from './home.mjs';

const started = {};

/** A running service on an embedded database. */
export function embeddedService() {
  return (started.embedded ??= startEmbedded());
}

/** The URL of a PostgreSQL server; undefined when this machine has none. */
export function postgresUrl() {
  started.server ??= startPostgres().then((server) => {
    if (server) atEnd(() => server.stop());
    return server?.url;
  });
  return started.server;
}

/** A running service on PostgreSQL; undefined when this machine has no server. */
export function postgresService() {
  started.postgres ??= postgresUrl().then((url) => (url === undefined ? undefined : startOnPostgres(url)));
  return started.postgres;
}

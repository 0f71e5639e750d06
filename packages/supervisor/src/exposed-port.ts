import { SupervisorError } from '@supervisor/core';
import type { PortOf } from '@supervisor/cloudflare';
import type { PortManager } from '@supervisor/ports';
import type { Decision } from './decide.js';

/** Where databases, caches and queues listen by habit: they check too little to be opened to the world. */
const databasePorts: readonly number[] = [
  1433, 1521, 2379, 3306, 4222, 5432, 5433, 5672, 5984, 6379, 7474, 7687, 8086, 8529, 9042, 9092, 9200, 9300, 11211, 15672, 26257, 27017,
  27018, 28015, 33060, 50000,
];
const databaseWords =
  /(^|[-_. /])(db|database|postgres(ql)?|pg|mysql|mariadb|redis|valkey|mongo(db)?|memcached?|elastic(search)?|opensearch|cassandra|rabbitmq|kafka|nats|etcd|sqlserver|mssql|clickhouse|neo4j|influx(db)?|couch(db)?)\d*($|[-_. /:])/i;

/**
 * What a project may expose: an active allocation of its own, or one that is made now. Never Supervisor's own port nor a database.
 * @param own ports of Supervisor itself and of its database
 */
export function exposedPort(ports: PortManager, own: readonly number[]): PortOf {
  return async ({ project, instance, service, port }) => {
    if (service !== undefined && databaseWords.test(service)) throw database(service);
    const allocation = await find();
    if (own.includes(allocation.port) || isSupervisor(allocation))
      throw new SupervisorError(
        'protected',
        `Port ${allocation.port} is Supervisor's own. It is never exposed; see docs/team.md for reaching it.`,
      );
    if (databasePorts.includes(allocation.port)) throw database(`port ${allocation.port}`);
    if (databaseWords.test(allocation.service)) throw database(allocation.service);
    // The name would outlive it, and lead to whoever has the port next.
    if (allocation.expiresAt)
      throw new SupervisorError(
        'conflict',
        `${allocation.service} has port ${allocation.port} only for a time. Release it and allocate it for good, then expose it.`,
      );
    return { service: allocation.service, port: allocation.port };

    async function find(): Promise<{ project: string; service: string; port: number; expiresAt?: string | null }> {
      if (port === undefined && service === undefined) throw new SupervisorError('invalid_input', 'Name the service, or its port.');
      if (port === undefined) return ports.allocatePort(project, service!, { instance });
      if (own.includes(port)) return { project, service: service ?? '', port };
      const [held] = (await ports.listAllocations({ port })).allocations;
      const over = held?.expiresAt !== null && held !== undefined && Date.parse(held.expiresAt) <= Date.now();
      if (!held || over || held.project !== project || (service !== undefined && held.service !== service))
        throw new SupervisorError(
          'not_owned',
          `Port ${port} is no active allocation of ${project}${service === undefined ? '' : `/${service}`}. Allocate it first, or name the service alone.`,
        );
      return held;
    }
  };
}

/** The port that the service listens on, and that of its PostgreSQL. */
export function ownPorts({ address, database }: Decision): number[] {
  return [address.port, ...(database.kind === 'postgres' ? [database.port] : [])];
}

function isSupervisor({ project, service }: { project: string; service: string }): boolean {
  return project === 'meta' && service === 'supervisor';
}

function database(what: string): SupervisorError {
  return new SupervisorError(
    'protected',
    `${what} is a database, a cache or a queue: it is never exposed. Expose the service in front of it.`,
  );
}

/** A service that a project's files start, and the port they give it. */
export interface FoundService {
  service: string;
  /** The environment variable that carries its port, or will after the edit. */
  variable: string;
  port: number;
  /** Where it was found, relative to the project. */
  file: string;
  /** What to write so that the port comes from the environment, and is the old one without; absent: it does already. */
  edit?: Edit;
}

export interface Edit {
  from: string;
  to: string;
}

/** `PORT` is the service `web`, `API_PORT` is `api`, `ADMIN_UI_PORT` is `admin-ui`. */
export function serviceOf(variable: string, main: string): string {
  return variable === 'PORT'
    ? main
    : variable
        .replace(/_PORT$/, '')
        .toLowerCase()
        .replaceAll('_', '-');
}

/** `admin-ui` has the variable `ADMIN_UI_PORT`. */
export function variableOf(service: string): string {
  return `${service
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')}_PORT`;
}

// Servers that a project talks to rather than being one: DB_PORT=5432 is no port of its own.
const backing = new Set([25, 465, 587, 1025, 1433, 1521, 3306, 5432, 5672, 6379, 9092, 9200, 11211, 27017]);
const backingNames =
  /(?:^|-)(?:db|database|pg|postgres|postgresql|mysql|mariadb|mssql|mongo|mongodb|redis|valkey|memcached|cache|rabbitmq|amqp|kafka|nats|mqtt|smtp)\d*$/i;

export function isBackingPort(port: number): boolean {
  return backing.has(port);
}

/** A service's address as a person uses it. @param usual the port it had in a file, where one is known */
export function addressOf(service: string, port: number, usual?: number): string {
  const opensInBrowser = !backingNames.test(service) && (usual === undefined || !backing.has(usual));
  return `${opensInBrowser ? 'http://' : ''}localhost:${port}`;
}

export function isPort(text: string | undefined): text is string {
  return text !== undefined && /^\d{2,5}$/.test(text) && Number(text) <= 65_535;
}

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

export function isPort(text: string | undefined): text is string {
  return text !== undefined && /^\d{2,5}$/.test(text) && Number(text) <= 65_535;
}

import { createHmac } from 'node:crypto';
import { join, relative } from 'node:path';
import { partName, type Found } from './projects.js';

/** What a scan says of the projects together; no value is in it. */
export interface Findings {
  projects: {
    project: string;
    folder: string;
    /** `given`: its port comes from Supervisor already, and what the file says is for those who start it otherwise. */
    services: { service: string; port: number; variable: string; file: string; given: boolean }[];
    keys: { variable: string; file: string; fingerprint: string }[];
  }[];
  /** Ports that several services want. */
  collisions: { port: number; wantedBy: string[] }[];
  /** Keys that lie in several files. */
  repeatedKeys: { fingerprint: string; files: string[] }[];
  /** Slugs that several folders have. */
  sameNames: { project: string; folders: string[] }[];
  /** Folders that this user may not look into. */
  closed: string[];
}

/** @param salt keeps a fingerprint from being looked up elsewhere */
export function summarise(root: string, { projects, closed }: Found, salt: string): Findings {
  const shown = projects.map((found) => ({
    project: found.project,
    folder: relative(root, found.folder) || '.',
    services: found.parts.flatMap((part) =>
      part.services.map(({ service, port, variable, file, edit }) => ({
        service,
        port,
        variable,
        file: join(partName(found, part), file),
        given: part.given.includes(variable) && edit === undefined,
      })),
    ),
    keys: found.parts.flatMap((part) =>
      part.keys.map(({ variable, file, value }) => ({
        variable,
        file: join(partName(found, part), file),
        fingerprint: createHmac('sha256', salt).update(value).digest('hex').slice(0, 8),
      })),
    ),
  }));
  const wanted = shown.flatMap(({ project, services }) =>
    services.filter(({ given }) => !given).map(({ service, port }) => [port, `${project}/${service}`] as const),
  );
  const lying = shown.flatMap(({ folder, keys }) => keys.map(({ fingerprint, file }) => [fingerprint, join(folder, file)] as const));
  return {
    projects: shown,
    collisions: repeated(wanted).map(([port, wantedBy]) => ({ port, wantedBy })),
    repeatedKeys: repeated(lying).map(([fingerprint, files]) => ({ fingerprint, files })),
    sameNames: repeated(shown.map(({ project, folder }) => [project, folder] as const)).map(([project, folders]) => ({ project, folders })),
    closed: closed.map((folder) => relative(root, folder) || '.'),
  };
}

// What several have in common, with those that have it.
function repeated<Key>(pairs: readonly (readonly [Key, string])[]): [Key, string[]][] {
  const groups = new Map<Key, Set<string>>();
  for (const [key, value] of pairs) groups.set(key, (groups.get(key) ?? new Set()).add(value));
  return [...groups].filter(([, values]) => values.size > 1).map(([key, values]) => [key, [...values]]);
}

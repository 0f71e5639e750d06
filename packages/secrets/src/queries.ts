import { cutPage, NotFound, SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, count, eq, gt, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import { projectOf } from './path.js';
import { secrets } from './schema.js';

/** All that is shown of a secret besides its value. */
export interface SecretMetadata {
  path: string;
  project: string;
  description: string | null;
  /** What it is: api_key, password, certificate … */
  type: string | null;
  /** Whose it is: anthropic, stripe … */
  provider: string | null;
  exposure: 'reveal' | 'use' | 'internal';
  /** The exact hosts that a request with it may go to. */
  allowedHosts: string[];
  version: number;
  createdAt: string;
  updatedAt: string;
  expiresAt: string | null;
  deletedAt: string | null;
}

export interface ListOptions {
  project?: string | undefined;
  /** Only paths that start with this. */
  prefix?: string | undefined;
  provider?: string | undefined;
  type?: string | undefined;
  /** Only what expires within this many days, or already has. */
  expiring?: number | undefined;
  /** The deleted ones instead. */
  deleted?: boolean | undefined;
  /** At most this many, 1–500; 100 when absent. */
  limit?: number | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

export const metadata = {
  path: secrets.path,
  project: secrets.project,
  description: secrets.description,
  type: secrets.type,
  provider: secrets.provider,
  exposure: secrets.exposure,
  allowedHosts: secrets.allowedHosts,
  version: secrets.version,
  createdAt: secrets.createdAt,
  updatedAt: secrets.updatedAt,
  expiresAt: secrets.expiresAt,
  deletedAt: secrets.deletedAt,
};

/** What can be seen at a path: neither deleted nor Supervisor's own. */
export function visible(path: string) {
  return and(eq(secrets.path, path), ne(secrets.exposure, 'internal'), isNull(secrets.deletedAt));
}

/** Metadata in the order of paths. */
export async function listSecrets(orm: Orm, options: ListOptions): Promise<{ secrets: SecretMetadata[]; nextCursor?: string }> {
  const { project, prefix, provider, type, expiring, deleted, cursor, limit = 100 } = options;
  const found = await orm
    .select(metadata)
    .from(secrets)
    .where(
      and(
        ne(secrets.exposure, 'internal'),
        deleted ? isNotNull(secrets.deletedAt) : isNull(secrets.deletedAt),
        project === undefined ? undefined : eq(secrets.project, project),
        prefix === undefined ? undefined : sql`starts_with(${secrets.path}, ${prefix})`,
        provider === undefined ? undefined : eq(secrets.provider, provider),
        type === undefined ? undefined : eq(secrets.type, type),
        expiring === undefined ? undefined : sql`${secrets.expiresAt} < now() + make_interval(days => ${expiring})`,
        cursor === undefined ? undefined : gt(secrets.path, cursor),
      ),
    )
    .orderBy(asc(secrets.path))
    .limit(limit + 1);
  const { rows, ...next } = cutPage(found, limit, ({ path }) => path);
  return { secrets: rows, ...next };
}

/** How many secrets each project has. */
export async function countByProject(orm: Orm, project?: string): Promise<{ project: string; count: number }[]> {
  const ofProject = project === undefined ? undefined : eq(secrets.project, project);
  const chosen = and(ne(secrets.exposure, 'internal'), isNull(secrets.deletedAt), ofProject);
  return orm.select({ project: secrets.project, count: count() }).from(secrets).where(chosen).groupBy(secrets.project);
}

/** Why there is nothing at a path, with what comes near. */
export async function notFound(orm: Orm, path: string): Promise<SupervisorError> {
  const project = projectOf(path);
  const known = await orm
    .select({ path: secrets.path, deletedAt: secrets.deletedAt })
    .from(secrets)
    .where(and(eq(secrets.project, project), ne(secrets.exposure, 'internal')))
    .orderBy(asc(secrets.path))
    .limit(1000);
  if (known.some((row) => row.path === path && row.deletedAt !== null))
    return new SupervisorError('not_found', `${path} was deleted. restore_secret brings it back.`, { deleted: true });
  const paths = known.filter(({ deletedAt }) => deletedAt === null).map((row) => row.path);
  return new NotFound(`There is no secret ${path}.`, path, paths, `list_secrets shows what ${project} has.`);
}

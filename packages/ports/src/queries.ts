import type { Orm } from '@supervisor/db';
import { and, asc, eq, gt, or, sql } from 'drizzle-orm';
import { portAllocations } from './schema.js';

const { placeholder } = sql;
const { port, project, instance, service, pinned, description, createdAt, expiresAt, lastSeenAt } = portAllocations;

/** What a caller is told of an allocation. */
export const shown = { port, project, instance, service, pinned, description, createdAt, expiresAt, lastSeenAt };

export type PreparedQueries = ReturnType<typeof prepareQueries>;

/** The reads that agents and services repeat all day: built and planned once. */
export function prepareQueries(orm: Orm) {
  const granted = eq(portAllocations.pending, false);
  const ofProject = eq(project, placeholder('project'));
  return {
    ofService: orm
      .select(shown)
      .from(portAllocations)
      .where(and(ofProject, eq(service, placeholder('service')), eq(instance, placeholder('instance')), granted))
      .prepare('supervisor_port_of_service'),
    page: orm
      .select({ ...shown, host: portAllocations.host })
      .from(portAllocations)
      .where(
        and(
          or(sql`${placeholder('project')}::text is null`, ofProject),
          or(sql`${placeholder('port')}::integer is null`, eq(port, placeholder('port'))),
          gt(port, placeholder('after')),
          granted,
        ),
      )
      .orderBy(asc(port))
      .limit(placeholder('limit'))
      .prepare('supervisor_port_page'),
  };
}

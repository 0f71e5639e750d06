import type { Orm } from '@supervisor/db';
import { and, asc, eq, gt, or, sql } from 'drizzle-orm';
import { portAllocations } from './schema.js';

const { placeholder } = sql;

export type PreparedQueries = ReturnType<typeof prepareQueries>;

/** The reads that agents and services repeat all day: built and planned once. */
export function prepareQueries(orm: Orm) {
  const project = eq(portAllocations.project, placeholder('project'));
  return {
    ofService: orm
      .select()
      .from(portAllocations)
      .where(and(project, eq(portAllocations.service, placeholder('service')), eq(portAllocations.instance, placeholder('instance'))))
      .prepare('supervisor_port_of_service'),
    page: orm
      .select()
      .from(portAllocations)
      .where(
        and(
          or(sql`${placeholder('project')}::text is null`, project),
          or(sql`${placeholder('port')}::integer is null`, eq(portAllocations.port, placeholder('port'))),
          gt(portAllocations.port, placeholder('after')),
        ),
      )
      .orderBy(asc(portAllocations.port))
      .limit(placeholder('limit'))
      .prepare('supervisor_port_page'),
  };
}

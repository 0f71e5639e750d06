import { NotFound, SupervisorError } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { asc, count, eq, lte, sql } from 'drizzle-orm';
import { ownerOf, type Utilization } from './allocation.js';
import { shown } from './queries.js';
import { portAllocations, portRanges } from './schema.js';

/** How full each project's range is; pinned ports elsewhere do not count. */
export async function readUtilization(orm: Orm, project?: string): Promise<Utilization[]> {
  const { first, last, denied } = portRanges;
  // What is denied counts neither as free nor, where it was given by number, as allocated.
  const inRange = sql<number>`(select count(*)::int from ${portAllocations} where ${portAllocations.port} between ${first} and ${last} and ${portAllocations.port} <> all (${denied}))`;
  const ranges = await orm
    .select({ project: portRanges.project, first, last, denied, allocated: inRange })
    .from(portRanges)
    .where(project === undefined ? undefined : eq(portRanges.project, project))
    .orderBy(asc(first));
  return ranges.map(({ denied, ...range }) => {
    const size = range.last - range.first + 1 - denied.length;
    return { ...range, free: size - range.allocated, percent: Math.round((1000 * range.allocated) / Math.max(1, size)) / 10 };
  });
}

export function countByProject(orm: Orm, project?: string): Promise<{ project: string; count: number }[]> {
  const chosen = project === undefined ? undefined : eq(portAllocations.project, project);
  return orm
    .select({ project: portAllocations.project, count: count() })
    .from(portAllocations)
    .where(chosen)
    .groupBy(portAllocations.project);
}

export async function readHoldings(orm: Orm, most: number, project?: string): Promise<{ project: string; owner: string; port: number }[]> {
  const rank = sql<number>`row_number() over (partition by ${portAllocations.project} order by ${portAllocations.port})`.as('rank');
  const { instance, service, port } = portAllocations;
  const ranked = orm
    .select({ project: portAllocations.project, instance, service, port, rank })
    .from(portAllocations)
    .where(project === undefined ? undefined : eq(portAllocations.project, project))
    .as('ranked');
  const held = await orm.select().from(ranked).where(lte(ranked.rank, most)).orderBy(asc(ranked.port));
  return held.map((row) => ({ project: row.project, owner: ownerOf(row), port: row.port }));
}

/** Says of a full range who holds what, and what else is in the way. */
export async function exhausted(orm: Orm, project: string, host: string | null): Promise<SupervisorError> {
  const [range] = await orm.select().from(portRanges).where(eq(portRanges.project, project));
  const inRange = (column: string) => sql`${sql.identifier(column)} between ${range?.first ?? 0} and ${range?.last ?? 0}`;
  const held = await orm.select().from(portAllocations).where(inRange('port')).orderBy(asc(portAllocations.port));
  const [squatted] = await rows<{ count: number }>(
    orm,
    sql`select count(*)::int as count from supervisor.port_quarantine where host = ${host} and until > now() and ${inRange('port')}`,
  );
  const holders = held.map((row) => ({ port: row.port, holder: ownerOf(row) }));
  const some = holders.slice(0, 5).map(({ port, holder }) => `${port} ${holder}`);
  const givenByNumber = range?.denied.filter((port) => held.every((row) => row.port !== port)) ?? [];
  const others = [
    ...(holders.length > some.length ? ['…'] : []),
    ...(squatted?.count ? [`${squatted.count} that other programs listen on`] : []),
    ...(givenByNumber.length > 0
      ? [`${givenByNumber.slice(0, 5).join(', ')}${givenByNumber.length > 5 ? ' …' : ''} given by number only`]
      : []),
  ];
  const copies = held.some((row) => row.project === project && row.instance !== '');
  const ofCopy = copies ? ` or all of a copy that is no more (supervisor ports release-copy INSTANCE --project ${project})` : '';
  return new SupervisorError(
    'exhausted',
    `The range of ${project} (${range?.first}–${range?.last}) is full: ${[...some, ...others].join(', ')}. Release one${ofCopy}, or pin a port elsewhere.`,
    { holders },
  );
}

/** Says of a service without a port which ones come near, and whether the main copy has one. */
export async function noPort(orm: Orm, project: string, service: string, instance: string): Promise<NotFound> {
  const held = await orm.select(shown).from(portAllocations).where(eq(portAllocations.project, project));
  const main = held.find((row) => row.service === service && row.instance === '');
  const names = held.filter((row) => row.instance === instance || main === undefined).map((row) => row.service);
  const otherwise = `${main ? `The main copy has ${main.port} (instance ''). ` : ''}allocate_port gives it one.`;
  const fact = `${instance === '' ? project : `${project} in the copy ${instance}`} has no port for ${service}.`;
  return new NotFound(fact, service, names, otherwise);
}

/** Says of a copy without ports which copies come near. */
export async function noCopy(orm: Orm, project: string, instance: string): Promise<NotFound> {
  const { instance: name } = portAllocations;
  const held = await orm.selectDistinct({ name }).from(portAllocations).where(eq(portAllocations.project, project));
  const names = held.flatMap((row) => (row.name === '' ? [] : [row.name]));
  return new NotFound(`${project} has no ports in the copy ${instance}.`, instance, names, 'list_ports shows what has some.');
}

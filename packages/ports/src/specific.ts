import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, eq, or, sql } from 'drizzle-orm';
import { ownerOf, type Allocation } from './allocation.js';
import { claimPort, timeOf, type ClaimRequest } from './claim.js';
import { shown } from './queries.js';
import { checkPort, foreignRangeAt, refusedByBrowsers, reservedBlocks } from './range.js';
import { portAllocations, portRanges } from './schema.js';

/**
 * Gives a service this very port, unless somebody has it.
 * @param bound the caller is bound to the project: it takes nothing out of the range of another one
 * @throws SupervisorError `conflict` when another service has the port, or this one has another port.
 */
export async function claimSpecific(
  orm: Orm,
  request: ClaimRequest,
  port: number,
  bound: boolean,
): Promise<Allocation & { created: boolean; notes: string[] }> {
  checkPort(port);
  if (refusedByBrowsers.includes(port))
    throw new SupervisorError('invalid_input', `Browsers refuse to open port ${port}. Choose another one.`);
  const { project, instance, service, description, host, seconds } = request;
  const ranges = await orm.select().from(portRanges);
  const range = ranges.find((one) => one.project === project);
  const own = range ?? (Object.hasOwn(reservedBlocks, project) ? reservedBlocks[project] : undefined);
  const pinned = !own || port < own.first || port > own.last;
  const foreign = foreignRangeAt(ranges, port, project);
  const where = foreign && `${port} lies in ${foreign.first}–${foreign.last}, the range of ${foreign.project}`;
  const expiresAt = seconds === null ? null : sql`${timeOf(request.at)} + make_interval(secs => ${seconds})`;
  const refused = bound && foreign !== undefined;
  const [inserted] = refused
    ? []
    : await orm
        .insert(portAllocations)
        .values({ port, project, instance, service, pinned, description, host, leaseSeconds: seconds, expiresAt })
        .onConflictDoNothing()
        .returning(shown);
  if (inserted) return { ...inserted, created: true, notes: where ? [`${where}, which has one fewer now.`] : [] };
  const owned = and(eq(portAllocations.project, project), eq(portAllocations.instance, instance), eq(portAllocations.service, service));
  const holders = await orm
    .select(shown)
    .from(portAllocations)
    .where(or(owned, eq(portAllocations.port, port)));
  const held = holders.find((row) => row.project === project && row.instance === instance && row.service === service);
  if (held?.port === port) return { ...((await claimPort(orm, { ...request, probing: false })) ?? { ...held, created: false }), notes: [] };
  if (held)
    throw new SupervisorError('conflict', `${ownerOf(held)} already has port ${held.port}. Release it first to move to ${port}.`, {
      port: held.port,
    });
  if (refused) throw new SupervisorError('conflict', `${where}. Choose another one, or ask for one of ${project} (allocate_port).`);
  const other = holders[0];
  const who = other ? ownerOf(other) : 'another service';
  throw new SupervisorError(
    'conflict',
    `Port ${port} belongs to ${who}. Choose another one, or release it there.`,
    other ? { holder: ownerOf(other) } : {},
  );
}

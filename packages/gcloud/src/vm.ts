import { badCursor, cutPage, NotFound, SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import { runningStatuses } from './google/resources.js';
import type { Observed } from './schema.js';
import { gcloudOperations, gcloudVms } from './schema.js';
import type { OperationRow, VmRow } from './saga/rows.js';

/** A VM as callers see it. */
export interface Vm extends Omit<VmRow, 'observed' | 'confirmation' | 'confirmedState' | 'confirmationExpiresAt'> {
  internalIp: string | null;
  externalIp: string | null;
  /** When Google stops it; null while it does not run. In the past: nobody has looked since, or it runs on all the same. */
  stopsAt: string | null;
  /** What is under way with it. */
  operation: VmOperation | null;
}

/** Something done to a VM. */
export interface VmOperation {
  id: string;
  kind: string;
  step: string;
  status: string;
  /** Google's name of the step under way; null before it is sent. */
  operation: string | null;
  progress: number;
  errorCode: string | null;
  error: string | null;
  createdAt: string;
  endedAt: string | null;
}

export interface VmFilter {
  project?: string | undefined;
  account?: string | undefined;
  /** Those that are no more, too. */
  ended?: boolean | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

/**
 * The VM of a project that has this name; one that is no more only where there is no other.
 * @throws SupervisorError `not_found` with the names that come near; `invalid_input` when several accounts have one
 */
export async function findVm(orm: Orm, project: string, name: string, account?: string): Promise<VmRow> {
  const rows = await orm
    .select()
    .from(gcloudVms)
    .where(
      and(eq(gcloudVms.project, project), eq(gcloudVms.name, name), account === undefined ? undefined : eq(gcloudVms.account, account)),
    )
    .orderBy(desc(gcloudVms.createdAt));
  const live = rows.filter((row) => row.endedAt === null);
  if (live.length > 1) {
    const accounts = live.map((row) => row.account).join(' or ');
    throw new SupervisorError('invalid_input', `More than one account has a VM ${name}: say which one, ${accounts}.`, {
      fields: ['account'],
    });
  }
  const found = live[0] ?? rows[0];
  if (found) return found;
  const others = await orm
    .selectDistinct({ name: gcloudVms.name })
    .from(gcloudVms)
    .where(and(eq(gcloudVms.project, project), isNull(gcloudVms.endedAt)));
  const names = others.map((row) => row.name);
  throw new NotFound(`${project} has no VM ${name}.`, name, names, 'list_vms shows those there are.');
}

/** In the order of their names. */
export async function listVms(orm: Orm, filter: VmFilter): Promise<{ vms: Vm[]; nextCursor?: string }> {
  const { project, account, ended = false, limit = 100 } = filter;
  const found = await orm
    .select({ vm: gcloudVms, operation: gcloudOperations })
    .from(gcloudVms)
    .leftJoin(gcloudOperations, and(eq(gcloudOperations.vm, gcloudVms.id), isNull(gcloudOperations.endedAt)))
    .where(
      and(
        project === undefined ? undefined : eq(gcloudVms.project, project),
        account === undefined ? undefined : eq(gcloudVms.account, account),
        ended ? undefined : isNull(gcloudVms.endedAt),
        filter.cursor === undefined ? undefined : after(filter.cursor),
      ),
    )
    .orderBy(asc(gcloudVms.name), asc(gcloudVms.id))
    .limit(limit + 1);
  const { rows, ...next } = cutPage(found, limit, ({ vm }) => `${vm.name}/${vm.id}`);
  return { vms: rows.map(({ vm, operation }) => shownVm(vm, operation ?? undefined)), ...next };
}

/** @throws SupervisorError `not_found` */
export async function findOperation(orm: Orm, id: string, project?: string): Promise<{ operation: OperationRow; vm: VmRow }> {
  const [found] = uuid.test(id)
    ? await orm
        .select({ operation: gcloudOperations, vm: gcloudVms })
        .from(gcloudOperations)
        .innerJoin(gcloudVms, eq(gcloudVms.id, gcloudOperations.vm))
        .where(and(eq(gcloudOperations.id, id), project === undefined ? undefined : eq(gcloudVms.project, project)))
    : [];
  if (found) return found;
  throw new SupervisorError('not_found', 'There is no such operation. supervisor gcloud list-operations shows those there are.');
}

export async function listOperations(
  orm: Orm,
  filter: { project?: string | undefined; name?: string | undefined; limit?: number | undefined; cursor?: string | undefined },
): Promise<{ operations: (VmOperation & { project: string; name: string })[]; nextCursor?: string }> {
  const { project, name, limit = 100, cursor } = filter;
  if (cursor !== undefined && !uuid.test(cursor)) throw badCursor();
  const before =
    cursor === undefined
      ? undefined
      : sql`(${gcloudOperations.createdAt}, ${gcloudOperations.id}) < (select o.created_at, o.id from supervisor.gcloud_operations o where o.id = ${cursor})`;
  const found = await orm
    .select({ operation: gcloudOperations, project: gcloudVms.project, name: gcloudVms.name })
    .from(gcloudOperations)
    .innerJoin(gcloudVms, eq(gcloudVms.id, gcloudOperations.vm))
    .where(
      and(
        project === undefined ? undefined : eq(gcloudVms.project, project),
        name === undefined ? undefined : eq(gcloudVms.name, name),
        before,
      ),
    )
    .orderBy(desc(gcloudOperations.createdAt), desc(gcloudOperations.id))
    .limit(limit + 1);
  const { rows, ...next } = cutPage(found, limit, ({ operation }) => operation.id);
  return { operations: rows.map(({ operation, ...vm }) => ({ ...shownOperation(operation), ...vm })), ...next };
}

export function shownVm(row: VmRow, operation?: OperationRow): Vm {
  const { observed, confirmation: _, confirmedState: _state, confirmationExpiresAt: _until, ...vm } = row;
  const { internalIp = null, externalIp = null, lastStartedAt = null } = (observed ?? {}) as Partial<Observed>;
  const runs = lastStartedAt !== null && row.status !== null && runningStatuses.includes(row.status);
  const stopsAt = runs ? new Date(Date.parse(lastStartedAt) + row.maxRunSeconds * 1000).toISOString() : null;
  return { ...vm, internalIp, externalIp, stopsAt, operation: operation ? shownOperation(operation) : null };
}

export function shownOperation(row: OperationRow): VmOperation {
  const { id, kind, step, status, operation, progress, errorCode, error, createdAt, endedAt } = row;
  return { id, kind, step, status, operation, progress, errorCode, error, createdAt, endedAt };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function after(cursor: string) {
  const [name = '', id = ''] = cursor.split('/');
  if (!uuid.test(id)) throw badCursor();
  return gt(sql`(${gcloudVms.name}, ${gcloudVms.id})`, sql`(${name}::text, ${id}::uuid)`);
}

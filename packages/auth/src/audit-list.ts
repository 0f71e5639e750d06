import { cutPage } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, desc, eq, gte, lt, sql } from 'drizzle-orm';
import { auditEvents, tokens } from './schema.js';

export interface AuditListOptions {
  project?: string | undefined;
  /** Only what starts with this: a path, or the start of one. */
  subject?: string | undefined;
  /** Only this actor: owner, agent, or a token's id. */
  principal?: string | undefined;
  /** Only this outcome: ok, or an error code. */
  outcome?: string | undefined;
  /** Only since this instant, ISO 8601. */
  since?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface AuditEvent {
  id: number;
  at: string;
  principal: string;
  /** Of the token, where it is one. */
  name: string | null;
  operation: string;
  project: string | null;
  subject: string | null;
  version: number | null;
  fingerprint: string | null;
  /** Null: it runs still, or its process died in between. */
  outcome: string | null;
}

export async function listEvents(orm: Orm, options: AuditListOptions): Promise<{ events: AuditEvent[]; nextCursor?: string }> {
  const { project, subject, principal, outcome, since, cursor, limit = 100 } = options;
  const { id, at, principalId, operation, version, fingerprint, call } = auditEvents;
  const known = sql`${auditEvents.outcome} is not null`;
  const alone = sql`not exists (select from supervisor.audit_events later where later.call = ${call} and later.outcome is not null)`;
  const found = await orm
    .select({
      id,
      at,
      principal: principalId,
      name: tokens.name,
      operation,
      project: auditEvents.project,
      subject: auditEvents.subject,
      version,
      fingerprint,
      outcome: auditEvents.outcome,
    })
    .from(auditEvents)
    .leftJoin(tokens, eq(tokens.id, principalId))
    .where(
      and(
        sql`(${known} or ${alone})`,
        project === undefined ? undefined : eq(auditEvents.project, project),
        subject === undefined ? undefined : sql`starts_with(${auditEvents.subject}, ${subject})`,
        principal === undefined ? undefined : eq(principalId, principal),
        outcome === undefined ? undefined : eq(auditEvents.outcome, outcome),
        since === undefined ? undefined : gte(at, since),
        cursor === undefined ? undefined : lt(id, Number(cursor)),
      ),
    )
    .orderBy(desc(id))
    .limit(limit + 1);
  const { rows: events, ...next } = cutPage(found, limit, (last) => String(last.id));
  return { events, ...next };
}

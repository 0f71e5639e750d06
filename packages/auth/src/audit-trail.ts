import type { Audit } from '@supervisor/core';
import { connect, type Database } from '@supervisor/db';
import { eq, sql } from 'drizzle-orm';
import { authMigrations } from './migrations.js';
import { auditEvents } from './schema.js';

/** Writes the audit rows that `bind` asks for. */
export class AuditTrail implements Audit {
  readonly #database: () => Promise<Database>;

  constructor(options: { db?: Database } = {}) {
    this.#database = connect(authMigrations, options.db);
  }

  async intent({ principal, operation, project, subject }: Parameters<Audit['intent']>[0]): Promise<string> {
    const { orm } = await this.#database();
    const values = { principalId: principal.id, principalKind: principal.kind, operation, project, subject };
    const [row] = await orm.insert(auditEvents).values(values).returning({ id: auditEvents.id });
    return String(row!.id);
  }

  async outcome(id: string, outcome: string): Promise<void> {
    const { orm } = await this.#database();
    await orm
      .update(auditEvents)
      .set({ outcome, endedAt: sql`now()` })
      .where(eq(auditEvents.id, Number(id)));
  }
}

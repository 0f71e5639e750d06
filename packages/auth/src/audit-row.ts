import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Orm } from '@supervisor/db';
import { inArray, sql } from 'drizzle-orm';
import { auditEvents } from './schema.js';

/** A row of the trail as the database has it. */
export type StoredRow = typeof auditEvents.$inferSelect;
export type Row = Omit<StoredRow, 'id' | 'mac'>;

/** What the trail is authenticated with: one key for each purpose, all of one sealed secret. */
export interface AuditKeys {
  row: Buffer;
  seal: Buffer;
  value: Buffer;
}

export function deriveKeys(master: Buffer): AuditKeys {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', master, '', `supervisor/audit/${purpose}/v1`, 32));
  return { row: derive('row'), seal: derive('seal'), value: derive('value') };
}

/** The MAC of everything a row says. */
export function rowMac({ row: key }: AuditKeys, row: Row): Buffer {
  return createHmac('sha256', key).update(content(row)).digest();
}

/** Whether we wrote the row, and as it is. */
export function isAuthentic(keys: AuditKeys, row: StoredRow): boolean {
  return row.mac !== null && same(rowMac(keys, row), row.mac);
}

/** Tells whether two rows are about the same value, and says nothing else of it. */
export function fingerprint({ value: key }: AuditKeys, value: string): string {
  return createHmac('sha256', key).update(value).digest('hex').slice(0, 16);
}

/** One link of the chain: over the link before, and all rows after the last one that it covers. */
export function sealMac(
  { seal: key }: AuditKeys,
  seal: { id: number; last: number; count: number },
  before: Buffer,
  rows: StoredRow[],
): Buffer {
  const digest = createHash('sha256');
  for (const row of rows) digest.update(`${row.id} ${row.mac?.toString('hex') ?? ''} ${content(row)}\n`);
  const { id, last, count } = seal;
  return createHmac('sha256', key)
    .update(JSON.stringify([id, last, count, before.toString('hex'), digest.digest('hex')]))
    .digest();
}

export function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

// In a fixed order, as JSON: no two rows give the same text.
function content(row: Row): string {
  const { at, call, principalId, principalKind, operation, project, subject, version, fingerprint, outcome, endedAt } = row;
  return JSON.stringify([at, call, principalId, principalKind, operation, project, subject, version, fingerprint, outcome, endedAt]);
}

/** Adds rows in their order, by one statement that a connection plans once. */
export function rowWriter(orm: Orm): (rows: readonly (Row & { mac: Buffer })[]) => Promise<void> {
  const query = orm
    .select({ added: sql`supervisor.add_audit_rows(${sql.placeholder('rows')}::json)` })
    .from(sql`(select) as once`)
    .prepare('supervisor_add_audit_rows');
  return async (rows) => {
    await query.execute({ rows: JSON.stringify(rows.map(({ mac, ...row }) => ({ ...row, mac: mac.toString('hex') }))) });
  };
}

/** The MACs of all rows of the calls that these rows are about. */
export async function macsOf(orm: Orm, rows: readonly Row[]): Promise<Set<string>> {
  const calls = [...new Set(rows.map(({ call }) => call))];
  const found = await orm.select({ mac: auditEvents.mac }).from(auditEvents).where(inArray(auditEvents.call, calls));
  return new Set(found.flatMap(({ mac }) => (mac === null ? [] : [mac.toString('hex')])));
}

import type { Orm } from '@supervisor/db';
import { and, eq, sql, type SQL } from 'drizzle-orm';
import { recordAnswer, type RemoteRecord } from '../api/answers.js';
import type { CloudflareApi } from '../api/cloudflare-api.js';
import { cloudflareDnsRecords } from '../schema.js';

export type RecordRow = typeof cloudflareDnsRecords.$inferSelect;

const pageSize = 1000;

/** All records of a zone, or those of one name. */
export async function listRemote(api: CloudflareApi, zoneId: string, name?: string): Promise<RemoteRecord[]> {
  return api.list(`/zones/${zoneId}/dns_records`, recordAnswer, { per_page: pageSize, ...(name === undefined ? {} : { name }) });
}

/** All where they are left out; the cursor is where the last page ended. */
export interface PageOptions {
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface RecordFilter {
  project?: string | undefined;
  zone?: string | undefined;
  name?: string | undefined;
  type?: string | undefined;
  content?: string | undefined;
}

/** Rows of ours, in the order of their names. */
export async function listRows(orm: Orm, filter: RecordFilter, after?: string, limit?: number): Promise<RecordRow[]> {
  const { project, zone, name, type, content } = cloudflareDnsRecords;
  const columns = { project, zone, name, type, content };
  const wanted: SQL[] = Object.entries(filter).flatMap(([key, value]) =>
    value === undefined ? [] : [eq(columns[key as keyof RecordFilter], value)],
  );
  const place = sql`${name} || ' ' || ${cloudflareDnsRecords.id}`;
  const query = orm
    .select()
    .from(cloudflareDnsRecords)
    .where(and(...wanted, after === undefined ? undefined : sql`${place} collate "C" > ${after}`))
    .orderBy(sql`${place} collate "C"`);
  return limit === undefined ? query : query.limit(limit);
}

/** Where the next page begins. */
export function placeOf(row: Pick<RecordRow, 'name' | 'id'>): string {
  return `${row.name} ${row.id}`;
}

import { customType, pgSchema } from 'drizzle-orm/pg-core';

/** The one PostgreSQL schema all tables live in. The migrator makes it. */
export const supervisor = pgSchema('supervisor');

/** `timestamptz`, read and written as ISO 8601 text in UTC, the same on both databases. */
export const instant = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamp with time zone',
  fromDriver: (value) => new Date(value).toISOString(),
});

/** `bytea` as a Buffer; PGlite alone would give a Uint8Array. */
export const bytes = customType<{ data: Buffer; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
});

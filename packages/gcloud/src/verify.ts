import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';
import { shownAccount, type Account } from './account.js';
import type { Connection } from './connections.js';
import { metrics } from './google/metrics.js';
import { gcloudAccounts } from './schema.js';
import type { AccountRow } from './saga/rows.js';

export interface Verified {
  account: Account;
  /** Whose the credentials are; null: they do not say. */
  identity: string | null;
  /** `ok`, or why there will be no figures. */
  monitoring: string;
}

/** Asks Google for the project and for a figure, and writes down whether it answered. @throws SupervisorError as Google refuses */
export async function verifyAccount(
  orm: Orm,
  account: AccountRow,
  { compute, monitoring, credentials }: Connection,
  now: Date,
): Promise<Verified> {
  const note = (set: { verifiedAt?: string; lastError: string | null }) =>
    orm.update(gcloudAccounts).set(set).where(eq(gcloudAccounts.name, account.name)).returning();
  await compute.project().catch(async (error: unknown) => {
    if (error instanceof SupervisorError) await note({ lastError: error.message });
    throw error;
  });
  const [verified] = await note({ verifiedAt: now.toISOString(), lastError: null });
  const figures = await monitoring.read(metrics[0]!, new Date(now.getTime() - 300_000), now).then(
    () => 'ok',
    (error: unknown) => {
      if (error instanceof SupervisorError) return error.message;
      throw error;
    },
  );
  return { account: shownAccount(verified ?? account), identity: await credentials.identity(), monitoring: figures };
}

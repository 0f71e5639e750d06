import { SupervisorError, type ErrorCode } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';
import type { Transport } from '../google/client.js';
import { gcloudOperations, gcloudVms } from '../schema.js';
import { LostLease } from './close.js';
import { claimOperation, driveOperation, stillRunning, type DriveOptions } from './drive.js';
import type { OperationRow } from './rows.js';

/** How a call waits for Google. */
export interface WaitOptions {
  account?: string | undefined;
  /** Then the answer is `operation_timeout`, and the operation goes on. 300 when absent, at most 600. */
  waitSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
  progress?: (done: number, total: number, message: string) => void;
}

/** What an operation is worked on with. */
type Means = Pick<DriveOptions, 'compute' | 'transport' | 'leaseSeconds'>;

const lookMilliseconds = 500;

/**
 * Waits for an operation, and works on it whenever nobody else does.
 * @throws SupervisorError `operation_timeout` at the deadline: it goes on without the caller; otherwise why it failed
 */
export async function followOperation(orm: Orm, id: string, means: Means, wait: WaitOptions): Promise<OperationRow> {
  const options = { ...means, ...patienceOf(means.transport, wait) };
  for (;;) {
    const claimed = await claimOperation(orm, id, options.leaseSeconds);
    const [row] = await orm.select().from(gcloudOperations).where(eq(gcloudOperations.id, id));
    if (!row)
      throw new SupervisorError('not_found', 'There is no such operation. supervisor gcloud list-operations shows those there are.');
    if (row.endedAt !== null) return finished(row);
    const [vm] = await orm.select().from(gcloudVms).where(eq(gcloudVms.id, row.vm));
    if (claimed) {
      await driveOperation(orm, claimed, vm!, options).catch((error: unknown) => {
        if (!(error instanceof LostLease)) throw error;
      });
    } else if (options.transport.now() >= options.deadline) {
      throw stillRunning(row, vm!);
    } else await options.transport.sleep(lookMilliseconds, options.signal);
  }
}

function patienceOf({ now }: Transport, { waitSeconds: asked = 300, signal, progress }: WaitOptions) {
  const waitSeconds = Math.min(asked, 600);
  const started = now();
  let told = -1;
  return {
    deadline: started + waitSeconds * 1000,
    signal,
    progress: (message: string) => {
      // A client takes progress only when it grows.
      told = Math.max(told + 1, Math.round((now() - started) / 1000));
      progress?.(told, Math.max(waitSeconds, told), message);
    },
  };
}

function finished(row: OperationRow): OperationRow {
  if (row.status === 'done') return row;
  const undoing = row.kind === 'create' && row.step !== 'insert';
  const [done, undone] = undoing ? [['insert'], row.history] : [row.history, []];
  throw new SupervisorError(row.errorCode as ErrorCode, row.error!, { operation: row.id, done, undone });
}

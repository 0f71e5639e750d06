import { randomUUID } from 'node:crypto';
import { SupervisorError, type ErrorCode } from '@supervisor/core';
import { claim, holds, leaseFor, renew, type Orm } from '@supervisor/db';
import { and, eq, isNull } from 'drizzle-orm';
import type { Compute } from '../google/compute.js';
import type { Transport } from '../google/client.js';
import { operationFailure } from '../google/operation-failure.js';
import type { GoogleOperation } from '../google/resources.js';
import { gcloudOperations, gcloudVms } from '../schema.js';
import { closeFailed, closeFinished, LostLease } from './close.js';
import type { Kind, OperationRow, VmRow } from './rows.js';
import { steps, stepsOf } from './steps.js';

export interface DriveOptions {
  compute: Compute;
  transport: Transport;
  /** Milliseconds since 1970: who waits waits no longer. The operation itself goes on. */
  deadline: number;
  leaseSeconds: number;
  signal?: AbortSignal | undefined;
  /** Told of each change, and every few seconds. */
  progress?(message: string): void;
}

/** After this Google need not know a request id any more. */
const lateMilliseconds = 15 * 60_000;
const longestBackoffSeconds = 300;
const heartbeatMilliseconds = 3000;

/** Takes an operation to work on; undefined while another one does, and when it has ended. */
export async function claimOperation(orm: Orm, id: string, leaseSeconds: number): Promise<OperationRow | undefined> {
  const open = and(eq(gcloudOperations.id, id), isNull(gcloudOperations.endedAt));
  const [row] = await claim(orm, gcloudOperations, open, leaseSeconds);
  return row;
}

/**
 * Brings a claimed operation to its end from wherever it was left, and writes down each step before it is sent and after it is known.
 * @throws SupervisorError when that is not possible now: it stays open, and is tried again after a while
 */
export async function driveOperation(orm: Orm, claimed: OperationRow, vm: VmRow, options: DriveOptions): Promise<void> {
  const drive = new Drive(orm, claimed, vm, options);
  const lease = setInterval(
    () => void renew(orm, gcloudOperations, claimed, options.leaseSeconds).catch(() => {}),
    options.leaseSeconds * 333,
  ).unref();
  const heartbeat = setInterval(() => drive.report(), heartbeatMilliseconds).unref();
  try {
    await drive.run();
  } catch (error) {
    clearInterval(lease);
    if (!(error instanceof LostLease)) await postpone(orm, drive.operation, error);
    throw error;
  } finally {
    clearInterval(lease);
    clearInterval(heartbeat);
  }
}

class Drive {
  readonly #started: number;

  constructor(
    readonly orm: Orm,
    public operation: OperationRow,
    readonly vm: VmRow,
    readonly options: DriveOptions,
  ) {
    this.#started = options.transport.now();
  }

  async run(): Promise<void> {
    const before = this.operation.attempts;
    await this.#save({ attempts: before + 1 });
    for (let first = before === 0; ; first = false) {
      this.report();
      const failure = await this.#step(first);
      const { step, kind } = this.operation;
      if (failure?.made && kind === 'create' && !this.#undoing) {
        await this.#undo(failure.error);
        continue;
      }
      if (failure && step !== 'disk') return this.#fail(failure.error);
      const last = step === this.#steps.at(-1);
      await this.#advance(failure ? `disk left behind: ${failure.error.message}` : step);
      if (last) break;
    }
    if (this.#undoing) return this.#fail();
    return closeFinished(this.orm, this.operation, this.vm, this.options, this.#now()).catch((error: unknown) => {
      if (!isFinal(error)) throw error;
      return closeFailed(this.orm, this.operation, this.vm, error, this.#now(), true);
    });
  }

  /** @param error why its last step did not work; absent: a create was undone */
  #fail(error?: SupervisorError): Promise<void> {
    const { orm, operation, vm } = this;
    if (!this.#undoing) return closeFailed(orm, operation, vm, error!, this.#now());
    const cause = operation.error!;
    const told = error
      ? new SupervisorError('partial_failure', `${cause} It could not be undone: ${error.message}`)
      : new SupervisorError(operation.errorCode as ErrorCode, cause);
    return closeFailed(orm, operation, vm, told, this.#now(), error !== undefined);
  }

  report(): void {
    const seconds = Math.round((this.options.transport.now() - this.#started) / 1000);
    const { kind, step, progress, operation } = this.operation;
    const what = step === kind || kind === 'create' ? kind : `${kind}: ${step}`;
    this.options.progress?.(`${this.vm.name}: ${what} ${operation === null ? 'is sent' : `${progress} % done`}, ${seconds} s`);
  }

  /** Why the step did not work; undefined: it is done. */
  async #step(first: boolean): Promise<{ error: SupervisorError; made: boolean } | undefined> {
    const { vm, options } = this;
    for (;;) {
      if (this.operation.operation === null) {
        const late = options.transport.now() - Date.parse(this.operation.createdAt) > lateMilliseconds;
        let sent: GoogleOperation | 'nothing';
        try {
          sent = await steps[this.operation.step]!({ vm, operation: this.operation, compute: options.compute, late, first });
        } catch (error) {
          // The labels were changed between reading and writing: read them again.
          if (error instanceof SupervisorError && error.details['status'] === 412 && this.operation.attempts < 10) {
            await this.#save({ requestId: randomUUID(), attempts: this.operation.attempts + 1 });
            continue;
          }
          if (isFinal(error)) return { error, made: false };
          throw error;
        }
        if (sent === 'nothing') return undefined;
        await this.#save({ operation: sent.name, progress: sent.progress });
      }
      const done = await this.#await(this.operation.operation!);
      if (done === 'forgotten') {
        // Google took it, and forgets only what has ended: a second time would be once too often.
        if (this.operation.kind === 'reset') return undefined;
        await this.#save({ operation: null, requestId: randomUUID() });
        continue;
      }
      const error = operationFailure(done);
      if (error?.code === 'provider_unavailable' && this.operation.step !== 'insert') {
        await this.#save({ operation: null, requestId: randomUUID() });
        throw error;
      }
      return error ? { error, made: true } : undefined;
    }
  }

  /** Asks until Google says that it is done: a wait may come back before that. */
  async #await(name: string): Promise<GoogleOperation | 'forgotten'> {
    const { compute, transport, deadline, signal } = this.options;
    let found = await compute.operation(this.vm.zone, name);
    while (found && found.status !== 'DONE') {
      if (found.progress !== this.operation.progress) await this.#save({ progress: found.progress });
      this.report();
      const asked = transport.now();
      if (asked >= deadline) throw stillRunning(this.operation, this.vm);
      const answer = await compute.waitOnce(this.vm.zone, name, deadline - asked, signal).catch((error: unknown) => {
        if (error instanceof SupervisorError && ['provider_unavailable', 'rate_limited'].includes(error.code)) return undefined;
        throw error;
      });
      found = answer ?? found;
      if (found.status !== 'DONE' && transport.now() - asked < 1000) await transport.sleep(1000, signal);
      if (!answer) found = await compute.operation(this.vm.zone, name);
    }
    return found ?? 'forgotten';
  }

  get #undoing(): boolean {
    return this.operation.kind === 'create' && this.operation.step !== 'insert';
  }

  get #steps(): readonly string[] {
    return this.#undoing ? stepsOf.delete : stepsOf[this.operation.kind as Kind];
  }

  #undo(cause: SupervisorError): Promise<void> {
    return this.#save({
      step: stepsOf.delete[0]!,
      requestId: randomUUID(),
      operation: null,
      progress: 0,
      errorCode: cause.code,
      error: cause.message,
    });
  }

  #advance(done: string): Promise<void> {
    const next = this.#steps[this.#steps.indexOf(this.operation.step) + 1];
    return this.#save({
      history: [...this.operation.history, done],
      ...(next === undefined ? {} : { step: next, requestId: randomUUID(), operation: null, progress: 0 }),
    });
  }

  async #save(changes: Partial<OperationRow>): Promise<void> {
    const [row] = await this.orm.update(gcloudOperations).set(changes).where(holds(gcloudOperations, this.operation)).returning();
    if (!row) throw new LostLease();
    this.operation = row;
  }

  #now(): string {
    return new Date(this.options.transport.now()).toISOString();
  }
}

/** Certain, and not to be tried again: Google or a rule said no. */
function isFinal(error: unknown): error is SupervisorError {
  if (!(error instanceof SupervisorError) || error.details['credentials'] === true || error.details['status'] === 401) return false;
  return !['provider_unavailable', 'rate_limited', 'cancelled', 'unavailable', 'locked', 'internal'].includes(error.code);
}

export function stillRunning(operation: OperationRow, vm: VmRow): SupervisorError {
  return new SupervisorError(
    'operation_timeout',
    `${operation.kind} of VM ${vm.name} is still under way, and goes on without you. supervisor gcloud wait-operation ${operation.id} waits for it.`,
    { operation: operation.id, step: operation.step, progress: operation.progress },
  );
}

// Its lease is the time until somebody tries again.
async function postpone(orm: Orm, operation: OperationRow, error: unknown): Promise<void> {
  const waiting = error instanceof SupervisorError && ['operation_timeout', 'cancelled'].includes(error.code);
  const told = error instanceof SupervisorError ? Number(error.details['retryAfterSeconds'] ?? 0) : 0;
  const seconds = waiting ? 0 : Math.max(Math.min(told, 3600), Math.min(longestBackoffSeconds, 2 ** Math.min(operation.attempts, 9)));
  const kept = await orm
    .update(gcloudOperations)
    .set({ leaseUntil: leaseFor(seconds) } as never)
    .where(holds(gcloudOperations, operation))
    .returning({ vm: gcloudOperations.vm })
    .catch(() => []);
  if (waiting || kept.length === 0) return;
  const lastError = error instanceof SupervisorError ? error.message : 'Something went wrong inside Supervisor. It is tried again.';
  await orm
    .update(gcloudVms)
    .set({ lastError })
    .where(eq(gcloudVms.id, operation.vm))
    .catch(() => {});
}

import { randomUUID } from 'node:crypto';
import { auditEvents } from '@supervisor/auth/schema';
import { vacuum, type Database } from '@supervisor/db';
import { and, gt, inArray, max, min } from 'drizzle-orm';
import type { Backups } from './backups.js';

const minute = 60_000;
const quiet = 10 * minute;
const longestWait = 60 * minute;

/** When the changes that no backup has were made, in milliseconds since 1970; null: there are none. */
export type Changes = { first: number; last: number } | null;

/** Ten minutes after the last change; a home that is never quiet is backed up every hour all the same. */
export function isDue(changes: Changes, now: number): boolean {
  return changes !== null && (now - changes.last >= quiet || now - changes.first >= longestWait);
}

export interface QuietOptions {
  database: Database;
  backups: Backups;
  /** The operations that change something. */
  operations: readonly string[];
  /** Takes the failure of what nobody waits for. */
  logError(id: string, operation: string, error: unknown): void;
  now?: () => number;
}

/** Backs a home up when it has changed and is quiet, and then tidies its database. */
export class QuietBackups {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  readonly #ending = new AbortController();

  constructor(private readonly options: QuietOptions) {}

  /** Looks once a minute; does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => void this.look(), minute).unref();
  }

  /** Makes a backup if one is due. Rejects never: the next minute looks again. */
  look(): Promise<void> {
    this.#running ??= this.#look()
      .catch((error: unknown) => this.options.logError(randomUUID(), 'backup and vacuum', error))
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Ends one that runs: its file is not left behind. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#running;
  }

  async #look(): Promise<void> {
    const { database, backups, now = Date.now } = this.options;
    if (!isDue(await this.#changes(), now())) return;
    await backups.createAutomatic(this.#ending.signal);
    await vacuum(database.orm, this.#ending.signal);
  }

  // The audit trail has a row for each change, in this service and in those before it.
  async #changes(): Promise<Changes> {
    const { database, backups, operations } = this.options;
    const [newest] = await backups.list();
    const since = gt(auditEvents.at, newest?.createdAt ?? '-infinity');
    const [found] = await database.orm
      .select({ first: min(auditEvents.at), last: max(auditEvents.at) })
      .from(auditEvents)
      .where(and(since, inArray(auditEvents.operation, [...operations])));
    return found?.first && found.last ? { first: Date.parse(found.first), last: Date.parse(found.last) } : null;
  }
}

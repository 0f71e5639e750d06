import { randomUUID } from 'node:crypto';
import { remembered, SupervisorError, type Audit, type AuditEntry, type Context, type Released } from '@supervisor/core';
import { connect, type Database, type Orm } from '@supervisor/db';
import { deriveKeys, fingerprint, macsOf, rowMac, rowWriter, type AuditKeys, type Row } from './audit-row.js';
import { listEvents, type AuditEvent, type AuditListOptions } from './audit-list.js';
import { Cut, pruneOperation, removeBefore, startOf } from './audit-prune.js';
import { goesThrough, sealRows, verifyRows, type Verification } from './audit-chain.js';
import { authMigrations } from './migrations.js';

interface Batch {
  rows: Row[];
  /** Rows that nobody waits for: kept for the next batch when this one fails. */
  late: Row[];
  /** Rows of a batch that failed, which may have been written all the same. */
  doubtful: Row[];
  urgent: boolean;
  written: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

// Outcomes that nobody waits for go along with the next intent, and at the latest after this.
const outcomeMilliseconds = 25;
const mostLate = 10_000;
// Nobody hides what they did just now.
const fewestDays = 30;

/**
 * The trail: rows that are only added, each with a MAC, chained in batches afterwards. Rows that come at the same time
 * are written by one statement: calls share the price.
 */
export class AuditTrail implements Audit {
  readonly #database: () => Promise<Database>;
  readonly #keys: () => Promise<AuditKeys>;
  readonly #onError: (error: unknown) => void;
  #writer: ReturnType<typeof rowWriter> | undefined;
  #next: Batch | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The end that the chain had when we last looked. */
  #head = '';

  /**
   * @param options.key 32 bytes that authenticate the rows
   * @param options.onError takes what hinders an outcome from being written
   */
  constructor(options: { key: () => Promise<Buffer>; db?: Database; onError?: (error: unknown) => void }) {
    this.#database = connect(authMigrations, options.db);
    this.#onError = options.onError ?? (() => {});
    this.#keys = remembered(() => options.key().then(deriveKeys));
  }

  async intent(entry: AuditEntry): Promise<string> {
    const call = randomUUID();
    await this.#add(rowsOf(call, entry), true);
    return call;
  }

  /** Resolves before it is written. */
  async outcome(call: string, entry: AuditEntry, outcome: string, released: readonly Released[]): Promise<void> {
    void this.#add(await this.#ended(call, entry, outcome, released), false).catch(this.#onError);
  }

  async record(entry: AuditEntry, outcome: string, released: readonly Released[] = []): Promise<void> {
    await this.#add(await this.#ended(randomUUID(), entry, outcome, released), true);
  }

  /** Resolves when everything that was added until now is written, or was given up. */
  async flush(): Promise<void> {
    const batch = this.#next;
    if (batch) batch.urgent = true;
    this.#start();
    await this.#writing;
  }

  /** What happened, the newest first; a call whose outcome is known has one row for each value it was about, else one. */
  async list(options: AuditListOptions = {}): Promise<{ events: AuditEvent[]; nextCursor?: string }> {
    await this.flush();
    return listEvents(await this.#orm(), options);
  }

  /** Chains the rows that came since the last time. */
  async seal(): Promise<void> {
    const orm = await this.#orm();
    const end = await sealRows(orm, await this.#keys());
    // A chain that was replaced meanwhile does not become the one to compare with.
    if (await goesThrough(orm, this.#head)) this.#head = end;
  }

  /** Checks every row and the whole chain. @param head what an earlier check answered: must still be part of it */
  async verify(head?: string, watch?: Pick<Context, 'signal' | 'progress'>): Promise<Verification> {
    await this.flush();
    const heads = head === undefined ? [this.#head] : [this.#head, head];
    const found = await verifyRows(await this.#orm(), await this.#keys(), heads, watch);
    if (found.ok) this.#head = found.head;
    return found;
  }

  /**
   * Removes what is older than an instant, for good. A row of its own proves it to later checks. What is interrupted goes on with the next call.
   * @param options.despite also what the check finds wrong, which nothing tells of any more then
   * @throws SupervisorError `invalid_input` for an instant of the last 30 days, `conflict` when the check finds something wrong
   */
  async prune(
    before: string,
    by: Pick<Context, 'principal' | 'signal' | 'progress'>,
    { despite = false }: { despite?: boolean | undefined } = {},
  ): Promise<{ removed: number; since: string | null }> {
    const latest = new Date(Date.now() - fewestDays * 86_400_000).toISOString();
    const instant = new Date(before).toISOString();
    if (instant > latest)
      throw new SupervisorError('invalid_input', `The last ${fewestDays} days stay. Give a time before ${latest}.`, { fields: ['before'] });
    await this.flush();
    await this.seal();
    const [orm, keys] = await Promise.all([this.#orm(), this.#keys()]);
    const { rows, problems, start } = await verifyRows(orm, keys, [this.#head], by, () => new Cut(keys, instant));
    if (problems.length > 0 && !despite)
      throw new SupervisorError(
        'conflict',
        `Nothing was removed, since the check finds: ${problems[0]} Look at all with \`supervisor audit verify\` first: of what is removed nobody can tell any more. Then go on with --despite.`,
      );
    if (start && start.link > ((await startOf(orm, keys))?.link ?? 0)) {
      const [row] = rowsOf(randomUUID(), { principal: by.principal, operation: pruneOperation, projects: [], subject: start.since });
      await this.#add([{ ...row!, version: start.link, fingerprint: start.mark, outcome: 'ok' }], true);
    }
    const begins = await startOf(orm, keys);
    // A client takes progress only when it grows.
    const progress = (removed: number) => by.progress(rows + removed, undefined, `${removed} rows removed`);
    const removed = begins ? await removeBefore(orm, keys, begins, { signal: by.signal, progress }) : 0;
    return { removed, since: begins?.since ?? null };
  }

  // One row for each value that the call was about, else one for each project.
  async #ended(call: string, entry: AuditEntry, outcome: string, released: readonly Released[]): Promise<Row[]> {
    const rows = rowsOf(call, entry).map((row) => ({ ...row, outcome }));
    if (released.length === 0) return rows;
    const keys = await this.#keys();
    const values = released.map(({ path, version, value }) => ({
      project: path.slice(0, path.indexOf('/')),
      subject: path,
      version: version ?? null,
      fingerprint: value === undefined ? null : fingerprint(keys, value),
    }));
    // No two alike: the check takes a second one for a copy.
    return [...new Map(values.map((value) => [JSON.stringify(value), { ...rows[0]!, ...value }])).values()];
  }

  async #orm(): Promise<Orm> {
    return (await this.#database()).orm;
  }

  #add(rows: Row[], urgent: boolean): Promise<void> {
    const batch = (this.#next ??= newBatch());
    batch.rows.push(...rows);
    if (!urgent) batch.late.push(...rows);
    batch.urgent ||= urgent;
    if (urgent) this.#start();
    else this.#timer ??= setTimeout(() => void this.flush(), outcomeMilliseconds).unref();
    return batch.written;
  }

  #start(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      // It came between the last look and now.
      if (this.#next?.urgent) this.#start();
    });
  }

  async #writeAll(): Promise<void> {
    // Whatever else this turn of the event loop adds goes along.
    await undefined;
    while (this.#next?.urgent) {
      const batch = this.#next;
      this.#next = undefined;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      try {
        await this.#write(batch.rows, batch.doubtful);
        batch.resolve();
      } catch (error) {
        batch.reject(error);
        this.#keep(batch.late);
      }
    }
  }

  async #write(rows: Row[], doubtful: Row[]): Promise<void> {
    const keys = await this.#keys();
    const orm = await this.#orm();
    this.#writer ??= rowWriter(orm);
    const sealed = rows.map((row) => ({ ...row, mac: rowMac(keys, row) }));
    // A second time, a row is what the check takes for a copy.
    const there = doubtful.length > 0 ? await macsOf(orm, doubtful) : new Set();
    await this.#writer(sealed.filter(({ mac }) => !there.has(mac.toString('hex'))));
  }

  #keep(late: Row[]): void {
    if (late.length === 0 || late.length > mostLate) return;
    const next = (this.#next ??= newBatch());
    next.rows.unshift(...late);
    next.late.unshift(...late);
    next.doubtful.unshift(...late);
  }
}

function newBatch(): Batch {
  const { promise, resolve, reject } = withResolvers();
  promise.catch(() => {});
  return { rows: [], late: [], doubtful: [], urgent: false, written: promise, resolve, reject };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

// One for each project that the call touches, so that each finds it.
function rowsOf(call: string, { principal, operation, projects, subject }: AuditEntry): Row[] {
  const row = {
    at: new Date().toISOString(),
    call,
    principalId: principal.id,
    principalKind: principal.kind,
    operation,
    project: null,
    subject: subject === undefined ? null : storable(subject),
    version: null,
    fingerprint: null,
    outcome: null,
    endedAt: null,
  };
  return projects.length === 0 ? [row] : [...new Set(projects)].map((project) => ({ ...row, project: storable(project) }));
}

// Rows of many callers are written together: none of them may hold what PostgreSQL cannot store.
function storable(text: string): string {
  return text.replaceAll(/[\0\p{Cs}]/gu, '\ufffd');
}

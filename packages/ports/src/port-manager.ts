import { checkProject, cutPage, numberIn, SupervisorError } from '@supervisor/core';
import { connect, type Database, type Orm } from '@supervisor/db';
import { and, asc, eq, inArray, type SQL } from 'drizzle-orm';
import { existsSync } from 'node:fs';
import type { AllocateOptions, Allocation, Grant, ListOptions, LiveAllocation, Orphan, PortRange, Utilization } from './allocation.js';
import { claimPort, confirmClaim, describeAllocation, rejectClaim, type Claim, type ClaimRequest } from './claim.js';
import { ensureRange, removeRange, type RangeRequest } from './ensure-range.js';
import { describeSighting, judge, type ProjectOf } from './evidence.js';
import type { Explanation } from './explain.js';
import { thisHost } from './host.js';
import { readListeners, readListeningPorts } from './listeners.js';
import { explainPort, findOrphans, withEvidence } from './live.js';
import { portMigrations } from './migrations.js';
import { probePort } from './probe.js';
import { prepareQueries, type PreparedQueries } from './queries.js';
import { checkPort, type Span } from './range.js';
import { portAllocations, portRanges } from './schema.js';
import { claimSpecific } from './specific.js';
import { sweepLeases, type Swept } from './sweep.js';
import { countByProject, exhausted, noCopy, noPort, readHoldings, readUtilization } from './usage.js';
import { describeFreed, findGone, portsOfGone, releaseGone, rememberWorktree } from './worktrees.js';

export interface PortManagerOptions {
  /** The home's own when absent. */
  db?: Database;
  /** Whether to look what listens on this host; false keeps to the ledger. True when absent. */
  probe?: boolean;
  /** The project of a process that listens. When absent, only this process itself is known to be the caller's. */
  projectOf?: ProjectOf;
  /** The time that leases are counted by; the database's own when absent. */
  clock?: () => Date;
  /** The name under which a project's port can be reached from elsewhere: it is not given back while there is one. */
  exposedAs?: (project: string, port: number) => Promise<string | undefined>;
}

const longestLease = 2_592_000;

/** Gives every service of every project a port of its own that is really free, whoever asks at once. */
export class PortManager {
  readonly #database: () => Promise<Database>;
  readonly #probe: boolean;
  readonly #projectOf: ProjectOf;
  readonly #clock: (() => Date) | undefined;
  readonly #exposedAs: PortManagerOptions['exposedAs'];
  #queries: PreparedQueries | undefined;

  constructor(options: PortManagerOptions = {}) {
    this.#database = connect(portMigrations, options.db);
    this.#probe = options.probe ?? true;
    this.#projectOf = options.projectOf ?? (() => ({}));
    this.#clock = options.clock;
    this.#exposedAs = options.exposedAs;
  }

  /**
   * Gives a service a port of its project's range, which is made on first use. Before it is given for the first time it is
   * bound for a moment: one that something else listens on is passed over for half a minute. Asking again gives the same port,
   * says who listens there, and renews a lease. When the range is full, the ports of this host's worktrees that are gone go back.
   * @throws SupervisorError `exhausted` when it still is, with who holds what.
   */
  async allocatePort(project: string, service: string, options: AllocateOptions = {}): Promise<Grant> {
    const { orm } = await this.#database();
    const request = this.#request(project, service, options);
    const notes: string[] = [];
    await this.#remember(orm, request, options.worktree);
    for (let failures = 0; ;) {
      const claim = await claimPort(orm, request);
      if (!claim) {
        if (failures === 2) throw await exhausted(orm, project, request.host);
        notes.push(...(failures === 0 ? await ensureRange(orm, project) : await this.#releaseGone(orm, project)));
        failures++;
      } else if (!claim.pending) return this.#grant(claim, options, notes);
      else if ((await probePort(claim.port)) === 'taken') await rejectClaim(orm, claim, thisHost(), request.at);
      else if (await confirmClaim(orm, claim)) return grantOf({ ...claim, created: true }, true, notes);
    }
  }

  /**
   * Gives a service this very port: of its own range, or from anywhere as `pinned`. Something may listen there already.
   * @throws SupervisorError `conflict` when another service has the port, or this one has another port.
   */
  async allocateSpecificPort(project: string, service: string, port: number, options: AllocateOptions = {}): Promise<Grant> {
    const { orm } = await this.#database();
    const request = this.#request(project, service, options);
    await this.#remember(orm, request, options.worktree);
    const { notes, ...held } = await claimSpecific(orm, request, port, options.bound === true);
    return this.#grant(held, options, notes);
  }

  /** @throws SupervisorError `not_found`, with the services that come near. */
  async getPort(project: string, service: string, options: { instance?: string | undefined } = {}): Promise<Allocation> {
    const { orm } = await this.#database();
    const { instance = '' } = options;
    const [row] = await this.#prepared(orm).ofService.execute({ project, service, instance });
    if (row) return row;
    throw await noPort(orm, project, service, instance);
  }

  /** Allocations in the order of their ports. */
  async listAllocations(options: ListOptions = {}): Promise<{ allocations: Allocation[]; nextCursor?: string }> {
    const { allocations, ...rest } = await this.#page(options);
    return { allocations: allocations.map(({ host: _, ...allocation }) => allocation), ...rest };
  }

  /** Allocations beside what listens there and, on the first page, what listens in a project's folder or range without one. */
  async listLive(options: ListOptions = {}): Promise<{ allocations: LiveAllocation[]; orphans: Orphan[]; nextCursor?: string }> {
    const { orm } = await this.#database();
    const { allocations, ...rest } = await this.#page(options);
    const listeners = await this.#listeners(options.port === undefined ? undefined : [options.port]);
    const gone = await findGone(orm, thisHost(), options.project);
    const orphans = options.cursor === undefined ? await findOrphans(orm, listeners ?? [], this.#projectOf, options.project) : [];
    return { allocations: withEvidence(allocations, listeners, this.#projectOf, gone), orphans, ...rest };
  }

  /**
   * Everything known of one port: whose it is, who listens, what to do. Ends nothing.
   * @param project tells nothing of other projects than this one
   */
  async explainPort(port: number, project?: string): Promise<Explanation> {
    checkPort(port);
    const { orm } = await this.#database();
    return explainPort(orm, port, await this.#listeners([port]), this.#projectOf, project);
  }

  /** Gives a service's port back. Repeating it changes nothing. @throws SupervisorError `protected` while it is exposed */
  async releasePort(
    project: string,
    service: string,
    options: { instance?: string | undefined } = {},
  ): Promise<{ released: boolean; port: number | null; notes: string[] }> {
    const { orm } = await this.#database();
    const where = and(
      eq(portAllocations.project, project),
      eq(portAllocations.service, service),
      eq(portAllocations.instance, options.instance ?? ''),
    );
    const [port = null] = await this.#release(orm, project, where);
    if (port !== null) return { released: true, port, notes: [] };
    return { released: false, port, notes: [(await noPort(orm, project, service, options.instance ?? '')).message] };
  }

  /** Gives back all ports of a copy, such as a worktree that was removed. @throws SupervisorError `protected` while one is exposed */
  async releaseCopy(project: string, instance: string): Promise<{ released: number[]; notes: string[] }> {
    const { orm } = await this.#database();
    if (instance === '') throw new SupervisorError('invalid_input', 'Name the copy. Ports of the main one are released one by one.');
    const released = await this.#release(orm, project, and(eq(portAllocations.project, project), eq(portAllocations.instance, instance)));
    return { released, notes: released.length > 0 ? [] : [(await noCopy(orm, project, instance)).message] };
  }

  /** Gives back all ports of a project that is over, and its range. Who listens there, or can be reached, is the caller's to see to. */
  async releaseProject(project: string): Promise<{ released: number[]; range: Span | null }> {
    return removeRange((await this.#database()).orm, project);
  }

  /**
   * Takes back the leases of this host that are over and whose ports two sweeps, at least a minute apart, saw idle. To be called
   * once a minute; any number of processes may.
   */
  async sweep(): Promise<Swept> {
    const { orm } = await this.#database();
    const listening = this.#probe ? await readListeningPorts() : null;
    return sweepLeases(orm, thisHost(), listening, this.#now());
  }

  /** How full each project's range is; pinned ports elsewhere do not count. */
  async getUtilization(project?: string): Promise<Utilization[]> {
    return readUtilization((await this.#database()).orm, project);
  }

  /**
   * Gives a project a range, the next free block unless one is named. The same again changes nothing but `deny`, where it is given.
   * @throws SupervisorError `conflict` when the project has another range or the span is somebody else's.
   */
  async createPortRange(project: string, request: RangeRequest = {}): Promise<PortRange> {
    checkProject(project);
    const { orm } = await this.#database();
    await ensureRange(orm, project, request);
    const [range] = await orm.select().from(portRanges).where(eq(portRanges.project, project));
    if (!range) throw new SupervisorError('conflict', `The range of ${project} was removed while it was made. Ask again.`);
    return range;
  }

  async listPortRanges(): Promise<PortRange[]> {
    const { orm } = await this.#database();
    return orm.select().from(portRanges).orderBy(asc(portRanges.first));
  }

  /** How many ports each project has. */
  async countByProject(project?: string): Promise<{ project: string; count: number }[]> {
    return countByProject((await this.#database()).orm, project);
  }

  /** The first ports of each project, at most `most` of each. */
  async holdings(most: number, project?: string): Promise<{ project: string; owner: string; port: number }[]> {
    return readHoldings((await this.#database()).orm, most, project);
  }

  #prepared(orm: Orm): PreparedQueries {
    return (this.#queries ??= prepareQueries(orm));
  }

  async #page(options: ListOptions) {
    const { orm } = await this.#database();
    const limit = options.limit ?? 100;
    const found = await this.#prepared(orm).page.execute({
      project: options.project ?? null,
      port: options.port ?? null,
      after: options.cursor === undefined ? 0 : numberIn(options.cursor, 65_535),
      limit: limit + 1,
    });
    const { rows: allocations, ...next } = cutPage(found, limit, ({ port }) => String(port));
    return { allocations, ...next };
  }

  // Nothing of it goes while one of it is exposed, and none that was given since that was asked.
  async #release(orm: Orm, project: string, where: SQL | undefined): Promise<number[]> {
    const { port } = portAllocations;
    const held = this.#exposedAs && (await orm.select({ port }).from(portAllocations).where(where)).map((row) => row.port);
    for (const each of held ?? []) {
      const name = await this.#exposedAs!(project, each);
      if (name)
        throw new SupervisorError(
          'protected',
          `Port ${each} is exposed as ${name}: whoever gets it next would be too. First: supervisor unexpose ${name} --project ${project}.`,
        );
    }
    const released = await orm
      .delete(portAllocations)
      .where(and(where, held && inArray(port, held)))
      .returning({ port });
    return released.map(({ port }) => port).toSorted((a, b) => a - b);
  }

  // What cannot be looked at, listens or is exposed stays.
  async #releaseGone(orm: Orm, project: string): Promise<string[]> {
    const listening = this.#probe ? await readListeningPorts() : null;
    if (listening === null) return [];
    const free: number[] = [];
    for (const port of await portsOfGone(orm, thisHost(), project))
      if (!listening.includes(port) && !(await this.#exposedAs?.(project, port))) free.push(port);
    const freed = free.length === 0 ? [] : await releaseGone(orm, thisHost(), project, free);
    return freed.length === 0 ? [] : [`The range was full. Given back, of worktrees that are gone: ${describeFreed(freed)}.`];
  }

  // Of a folder that this process does not see it could never tell whether it is gone.
  async #remember(orm: Orm, { project, instance, host }: ClaimRequest, folder: string | undefined): Promise<void> {
    if (folder === undefined || instance === '' || host === null || !existsSync(folder)) return;
    await rememberWorktree(orm, { project, instance, host, folder });
  }

  #listeners(ports?: number[]) {
    return this.#probe ? readListeners(ports) : Promise.resolve(null);
  }

  #now(): string | null {
    return this.#clock?.().toISOString() ?? null;
  }

  #request(project: string, service: string, options: AllocateOptions): ClaimRequest {
    checkProject(project);
    const { instance = '', description = null, expiresInSeconds: seconds = null, elsewhere = false } = options;
    if (seconds !== null && !(Number.isInteger(seconds) && seconds >= 1 && seconds <= longestLease))
      throw new SupervisorError('invalid_input', `expiresInSeconds is a whole number from 1 to ${longestLease} (30 days).`);
    const host = elsewhere ? null : thisHost();
    return { project, instance, service, description, host, probing: this.#probe && !elsewhere, seconds, at: this.#now() };
  }

  // A port that is its service's already: who listens is evidence, not a reason to give another one.
  async #grant(
    held: Allocation & { created: boolean },
    { expiresInSeconds, elsewhere, description }: AllocateOptions,
    notes: string[],
  ): Promise<Grant> {
    const row = description === undefined ? held : { ...held, description };
    if (description !== undefined && description !== held.description)
      await describeAllocation((await this.#database()).orm, held, description);
    if (!row.created && expiresInSeconds === undefined && row.expiresAt !== null)
      notes.push(`It is leased until ${row.expiresAt}. To have it for good, release it first (release_port).`);
    if (expiresInSeconds !== undefined && row.expiresAt === null) notes.push('This port was given for good before, and stays so.');
    if (elsewhere) notes.push('Only the ledger was asked: what listens on your host cannot be seen from here.');
    const listeners = elsewhere ? null : await this.#listeners([row.port]);
    if (listeners === null) return grantOf(row, false, notes);
    const { listener, state } = judge(row, listeners, this.#projectOf);
    if (listener && state !== 'confirmed') notes.push(`${describeSighting(listener)} listens on ${row.port}. explain_port tells more.`);
    return { ...grantOf(row, true, notes), listener };
  }
}

function grantOf(row: Allocation & { created: boolean }, checked: boolean, notes: string[]): Grant {
  const { pending: _, ...grant } = row as Claim;
  return { ...grant, checked, listener: null, notes };
}

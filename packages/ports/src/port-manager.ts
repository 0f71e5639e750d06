import { nearest, SupervisorError } from '@supervisor/core';
import { connect, rows, type Database, type Orm } from '@supervisor/db';
import { and, asc, count, eq, getTableColumns, lte, or, sql } from 'drizzle-orm';
import { portMigrations } from './migrations.js';
import {
  ownerOf,
  type AllocateOptions,
  type Allocation,
  type Grant,
  type ListOptions,
  type PortRange,
  type Utilization,
} from './allocation.js';
import { ensureRange } from './ensure-range.js';
import { prepareQueries, type PreparedQueries } from './queries.js';
import { refusedByBrowsers, reservedBlocks, type Span } from './range.js';
import { portAllocations, portRanges } from './schema.js';

/** Gives every service of every project a port of its own, for good, whoever asks at once. */
export class PortManager {
  readonly #database: () => Promise<Database>;
  #queries: PreparedQueries | undefined;

  constructor(options: { db?: Database } = {}) {
    this.#database = connect(portMigrations, options.db);
  }

  /**
   * Gives a service a port of its project's range, which is made on first use. Asking again gives the same port.
   * @throws SupervisorError `exhausted` when the range is full, with who holds what.
   */
  async allocatePort(project: string, service: string, options: AllocateOptions = {}): Promise<Grant> {
    const { orm } = await this.#database();
    const claim = () => this.#claim(orm, project, service, options);
    const claimed = await claim();
    if (claimed) return { ...claimed, notes: [] };
    const notes = await ensureRange(orm, project);
    const second = await claim();
    if (second) return { ...second, notes };
    throw await this.#exhausted(project);
  }

  /**
   * Gives a service this very port: of its own range, or from anywhere as `pinned`.
   * @throws SupervisorError `conflict` when another service has the port, or this one has another port.
   */
  async allocateSpecificPort(project: string, service: string, port: number, options: AllocateOptions = {}): Promise<Grant> {
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new SupervisorError('invalid_input', 'A port is a whole number from 1 to 65535.');
    if (refusedByBrowsers.includes(port))
      throw new SupervisorError('invalid_input', `Browsers refuse to open port ${port}. Choose another one.`);
    const { orm } = await this.#database();
    const [range] = await orm.select().from(portRanges).where(eq(portRanges.project, project));
    const own = range ?? (Object.hasOwn(reservedBlocks, project) ? reservedBlocks[project] : undefined);
    const pinned = !own || port < own.first || port > own.last;
    const instance = options.instance ?? '';
    const [inserted] = await orm
      .insert(portAllocations)
      .values({ port, project, instance, service, pinned, description: options.description })
      .onConflictDoNothing()
      .returning();
    if (inserted) return { ...inserted, created: true, notes: [] };
    const owned = and(eq(portAllocations.project, project), eq(portAllocations.instance, instance), eq(portAllocations.service, service));
    const holders = await orm
      .select()
      .from(portAllocations)
      .where(or(owned, eq(portAllocations.port, port)));
    const held = holders.find((row) => row.project === project && row.instance === instance && row.service === service);
    if (held?.port === port) return { ...held, created: false, notes: [] };
    if (held)
      throw new SupervisorError('conflict', `${ownerOf(held)} already has port ${held.port}. Release it first to move to ${port}.`, {
        port: held.port,
      });
    const other = holders[0];
    const who = other ? ownerOf(other) : 'another service';
    throw new SupervisorError(
      'conflict',
      `Port ${port} belongs to ${who}. Choose another one, or release it there.`,
      other ? { holder: ownerOf(other) } : {},
    );
  }

  /** @throws SupervisorError `not_found`, with the services that come near. */
  async getPort(project: string, service: string, options: { instance?: string | undefined } = {}): Promise<Allocation> {
    const { orm } = await this.#database();
    const [row] = await this.#prepared(orm).ofService.execute({ project, service, instance: options.instance ?? '' });
    if (row) return row;
    const services = await orm.select({ name: portAllocations.service }).from(portAllocations).where(eq(portAllocations.project, project));
    const names = services.map(({ name }) => name);
    const near = nearest(service, names);
    const hint = near.length > 0 ? ` There is ${near.join(', ')}.` : ' Allocate one.';
    throw new SupervisorError('not_found', `${project} has no port for ${service}.${hint}`, { near });
  }

  /** Allocations in the order of their ports. */
  async listAllocations(options: ListOptions = {}): Promise<{ allocations: Allocation[]; nextCursor?: string }> {
    const { orm } = await this.#database();
    const limit = options.limit ?? 100;
    const allocations = await this.#prepared(orm).page.execute({
      project: options.project ?? null,
      port: options.port ?? null,
      after: options.cursor === undefined ? 0 : cursorPort(options.cursor),
      limit,
    });
    const last = allocations.at(-1);
    return last && allocations.length === limit ? { allocations, nextCursor: String(last.port) } : { allocations };
  }

  /** Gives a service's port back. Repeating it changes nothing. */
  async releasePort(
    project: string,
    service: string,
    options: { instance?: string | undefined } = {},
  ): Promise<{ released: boolean; port: number | null }> {
    const { orm } = await this.#database();
    const [row] = await orm
      .delete(portAllocations)
      .where(
        and(
          eq(portAllocations.project, project),
          eq(portAllocations.service, service),
          eq(portAllocations.instance, options.instance ?? ''),
        ),
      )
      .returning();
    return { released: row !== undefined, port: row?.port ?? null };
  }

  /** How full each project's range is; pinned ports elsewhere do not count. */
  async getUtilization(project?: string): Promise<Utilization[]> {
    const { orm } = await this.#database();
    const inRange = sql<number>`(select count(*)::int from ${portAllocations} where ${portAllocations.port} between ${portRanges.first} and ${portRanges.last})`;
    const ranges = await orm
      .select({
        project: portRanges.project,
        first: portRanges.first,
        last: portRanges.last,
        denied: portRanges.denied,
        allocated: inRange,
      })
      .from(portRanges)
      .where(project === undefined ? undefined : eq(portRanges.project, project))
      .orderBy(asc(portRanges.first));
    return ranges.map(({ denied, ...range }) => {
      const size = range.last - range.first + 1 - denied.length;
      return { ...range, free: size - range.allocated, percent: Math.round((1000 * range.allocated) / Math.max(1, size)) / 10 };
    });
  }

  /**
   * Gives a project a range, the next free block unless one is named. The same again changes nothing.
   * @throws SupervisorError `conflict` when the project has another range or the span is somebody else's.
   */
  async createPortRange(project: string, span?: Span): Promise<PortRange> {
    const { orm } = await this.#database();
    await ensureRange(orm, project, span);
    const [range] = await orm.select().from(portRanges).where(eq(portRanges.project, project));
    if (!range) throw new SupervisorError('conflict', `The range of ${project} was removed while it was made. Ask again.`);
    if (span && (range.first !== span.first || range.last !== span.last)) {
      throw new SupervisorError('conflict', `${project} already has the range ${range.first}–${range.last}.`, {
        first: range.first,
        last: range.last,
      });
    }
    return range;
  }

  async listPortRanges(): Promise<PortRange[]> {
    const { orm } = await this.#database();
    return orm.select().from(portRanges).orderBy(asc(portRanges.first));
  }

  /** How many ports each project has. */
  async countByProject(project?: string): Promise<{ project: string; count: number }[]> {
    const { orm } = await this.#database();
    const chosen = project === undefined ? undefined : eq(portAllocations.project, project);
    return orm
      .select({ project: portAllocations.project, count: count() })
      .from(portAllocations)
      .where(chosen)
      .groupBy(portAllocations.project);
  }

  /** The first ports of each project, at most `most` of each. */
  async holdings(most: number, project?: string): Promise<{ project: string; owner: string; port: number }[]> {
    const { orm } = await this.#database();
    const rank = sql<number>`row_number() over (partition by ${portAllocations.project} order by ${portAllocations.port})`.as('rank');
    const ranked = orm
      .select({ ...getTableColumns(portAllocations), rank })
      .from(portAllocations)
      .where(project === undefined ? undefined : eq(portAllocations.project, project))
      .as('ranked');
    const rows = await orm.select().from(ranked).where(lte(ranked.rank, most)).orderBy(asc(ranked.port));
    return rows.map((row) => ({ project: row.project, owner: ownerOf(row), port: row.port }));
  }

  #prepared(orm: Orm): PreparedQueries {
    return (this.#queries ??= prepareQueries(orm));
  }

  // One round trip: the database function looks the service up, locks the range, and inserts the lowest free port.
  async #claim(orm: Orm, project: string, service: string, options: AllocateOptions): Promise<Omit<Grant, 'notes'> | undefined> {
    const query = sql`select * from supervisor.claim_port(${project}, ${options.instance ?? ''}, ${service}, ${options.description ?? null})`;
    const [row] = await rows<{ port: number; pinned: boolean; description: string | null; created_at: string; created: boolean }>(
      orm,
      query,
    );
    if (!row) return undefined;
    const { port, pinned, description, created } = row;
    return {
      port,
      project,
      instance: options.instance ?? '',
      service,
      pinned,
      description,
      createdAt: new Date(row.created_at).toISOString(),
      created,
    };
  }

  async #exhausted(project: string): Promise<SupervisorError> {
    const [range] = await this.getUtilization(project);
    const { orm } = await this.#database();
    const held = range
      ? await orm
          .select()
          .from(portAllocations)
          .where(sql`${portAllocations.port} between ${range.first} and ${range.last}`)
          .orderBy(asc(portAllocations.port))
      : [];
    const holders = held.map((row) => ({ port: row.port, holder: ownerOf(row) }));
    const some = holders
      .slice(0, 5)
      .map(({ port, holder }) => `${port} ${holder}`)
      .join(', ');
    return new SupervisorError(
      'exhausted',
      `The range of ${project} (${range?.first}–${range?.last}) is full: ${some} … Release one, or pin a port elsewhere.`,
      { holders },
    );
  }
}

function cursorPort(cursor: string): number {
  const port = Number(cursor);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SupervisorError('invalid_input', 'cursor: pass the nextCursor of the last answer.');
  return port;
}

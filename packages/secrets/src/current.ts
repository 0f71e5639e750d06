import type { Orm } from '@supervisor/db';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { secrets, secretVersions } from './schema.js';

type Query = ReturnType<typeof prepare>;
export type Current = Awaited<ReturnType<Query['execute']>>[number];

/** The newest versions, whatever their exposure. Those that are asked for in one turn of the event loop are read by one statement. */
export class CurrentVersions {
  readonly #query: Query;
  #next: { paths: Set<string>; rows: Promise<Map<string, Current>> } | undefined;

  constructor(orm: Orm) {
    this.#query = prepare(orm);
  }

  /** @returns undefined where there is none, or it was deleted */
  async at(path: string): Promise<Current | undefined> {
    this.#next ??= this.#batch();
    this.#next.paths.add(path);
    return (await this.#next.rows).get(path);
  }

  #batch() {
    const paths = new Set<string>();
    return { paths, rows: this.#read(paths) };
  }

  async #read(paths: Set<string>): Promise<Map<string, Current>> {
    await undefined;
    this.#next = undefined;
    const found = await this.#query.execute({ paths: JSON.stringify([...paths]) });
    return new Map(found.map((row) => [row.path, row]));
  }
}

// What is asked for all day, planned once: an array as a parameter would be planned anew for each call, which takes
// longer than the reading.
function prepare(orm: Orm) {
  return orm
    .select({
      path: secrets.path,
      id: secrets.id,
      version: secrets.version,
      exposure: secrets.exposure,
      allowedHosts: secrets.allowedHosts,
      envelope: secretVersions.envelope,
    })
    .from(secrets)
    .innerJoin(secretVersions, and(eq(secretVersions.secretId, secrets.id), eq(secretVersions.version, secrets.version)))
    .where(
      and(sql`${secrets.path} = any(array(select json_array_elements_text(${sql.placeholder('paths')}::json)))`, isNull(secrets.deletedAt)),
    )
    .prepare('supervisor_current_secrets');
}

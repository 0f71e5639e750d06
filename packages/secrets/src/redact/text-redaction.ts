import { setImmediate } from 'node:timers/promises';
import { remembered, SupervisorError } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { and, eq, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type { Keyring } from '../keyring.js';
import { secrets, secretVersions } from '../schema.js';
import { createRedactor, shortestDisguised, type NamedSecret } from './redactor.js';
import { SipHash } from './siphash.js';
import { tracesIn, tracesOf } from './traces.js';

export interface Redacted {
  text: string;
  /** The paths of the secrets that stood in it. */
  redactions: string[];
}

// Each is one statement, and an embedded one holds up everything else.
const tracedAtOnce = 50;
const lookedUpAtOnce = 512;

/** Takes the values of all secrets out of text, old versions and deleted secrets too, opening only those that its traces name. */
export class TextRedaction {
  readonly #hash: () => Promise<SipHash>;

  constructor(
    private readonly keyring: Keyring,
    private readonly orm: () => Promise<Orm>,
    key: () => Promise<Buffer>,
  ) {
    this.#hash = remembered(() => key().then((bytes) => new SipHash(bytes)));
  }

  async redact(text: string): Promise<Redacted> {
    if (Buffer.byteLength(text) < shortestDisguised) return { text, redactions: [] };
    const orm = await this.orm();
    const hash = await this.#hash();
    while (await this.#trace(orm, hash));
    const standing = await this.#standingIn(orm, text, [...tracesIn(hash, text)]);
    if (standing.length === 0) return { text, redactions: [] };
    const redactor = createRedactor(standing, Buffer.from(text));
    return { text: redactor.text(text), redactions: redactor.find(text) };
  }

  // Versions are traced when a text is first looked through after them, so storing waits for nothing. @returns whether there may be more
  async #trace(orm: Orm, hash: SipHash): Promise<boolean> {
    const untraced = await select(orm)
      .where(and(isNull(secretVersions.traces), holdsValue))
      .limit(tracedAtOnce);
    const traced = untraced.map((row) => {
      const value = this.#open(row);
      return { id: row.id, version: row.version, traces: `{${(value === undefined ? [] : tracesOf(hash, value)).join(',')}}` };
    });
    if (traced.length > 0)
      await orm.execute(sql`update ${secretVersions} v set traces = traced.traces::bigint[]
        from json_to_recordset(${JSON.stringify(traced)}::text::json) as traced (id uuid, version int, traces text)
        where v.secret_id = traced.id and v.version = traced.version and v.envelope is not null`);
    return untraced.length === tracedAtOnce;
  }

  // One at a time: a trace says little of a large value, and there may be many versions of it.
  async #standingIn(orm: Orm, text: string, traces: readonly bigint[]): Promise<NamedSecret[]> {
    const bytes = Buffer.from(text);
    const standing: NamedSecret[] = [];
    for (let from = 0; from < traces.length; from += lookedUpAtOnce) {
      const some = `{${traces.slice(from, from + lookedUpAtOnce).join(',')}}`;
      for (const row of await this.#tracedBy(orm, some)) {
        const value = this.#open(row);
        if (value === undefined) continue;
        const secret = { name: row.path, value };
        if (createRedactor([secret], bytes).find(text).length > 0) standing.push(secret);
        await setImmediate();
      }
    }
    return standing;
  }

  // Trace by trace, each a lookup of its own: of many at once the planner thinks that they are in most rows, and reads all of them.
  async #tracedBy(orm: Orm, traces: string): Promise<Candidate[]> {
    const found = await rows<Candidate>(
      orm,
      sql`select distinct on (v.secret_id, v.version) s.id, s.path, s.exposure, v.version, v.envelope from unnest(${traces}::bigint[]) as t(trace)
        cross join lateral (select * from supervisor.secret_versions o where o.traces @> array[t.trace] offset 0) v
        join supervisor.secrets s on s.id = v.secret_id where v.envelope is not null and s.exposure <> 'internal'`,
    );
    return found.map((row) => ({ ...row, envelope: Buffer.from(row.envelope!) }));
  }

  // A damaged value is nobody's: it cannot stand anywhere.
  #open({ id, path, exposure, version, envelope }: Candidate): string | undefined {
    try {
      return this.keyring.open(envelope!, { secretId: id, path, exposure, version }).toString();
    } catch (error) {
      if (error instanceof SupervisorError && error.details['reason'] === 'tampered') return undefined;
      throw error;
    }
  }
}

type Candidate = Awaited<ReturnType<typeof select>>[number];

function select(orm: Orm) {
  return orm
    .select({
      id: secrets.id,
      path: secrets.path,
      exposure: secrets.exposure,
      version: secretVersions.version,
      envelope: secretVersions.envelope,
    })
    .from(secretVersions)
    .innerJoin(secrets, eq(secrets.id, secretVersions.secretId));
}

const holdsValue = and(isNotNull(secretVersions.envelope), ne(secrets.exposure, 'internal'));

import { setImmediate } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
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
const lookedUpAtOnce = 4096;

/** Takes the values of all secrets out of text, old versions and deleted secrets too, opening only those that its traces name. */
export class TextRedaction {
  #hash: Promise<SipHash> | undefined;

  constructor(
    private readonly keyring: Keyring,
    private readonly orm: () => Promise<Orm>,
    private readonly key: () => Promise<Buffer>,
  ) {}

  async redact(text: string): Promise<Redacted> {
    if (Buffer.byteLength(text) < shortestDisguised) return { text, redactions: [] };
    const orm = await this.orm();
    const hash = await this.#hashing();
    while (await this.#trace(orm, hash));
    const standing = await this.#standingIn(orm, text, [...tracesIn(hash, text)]);
    if (standing.length === 0) return { text, redactions: [] };
    const redactor = createRedactor(standing, Buffer.from(text));
    return { text: redactor.text(text), redactions: redactor.find(text) };
  }

  #hashing(): Promise<SipHash> {
    this.#hash ??= this.key().then((key) => new SipHash(key));
    this.#hash.catch(() => (this.#hash = undefined));
    return this.#hash;
  }

  // Versions are traced when a text is first looked through after them, so storing waits for nothing. @returns whether there may be more
  async #trace(orm: Orm, hash: SipHash): Promise<boolean> {
    const untraced = await select(orm)
      .where(and(isNull(secretVersions.traces), holdsValue))
      .limit(tracedAtOnce);
    for (const row of untraced) {
      const value = this.#open(row);
      const traces = value === undefined ? [] : tracesOf(hash, value);
      await orm
        .update(secretVersions)
        .set({ traces })
        .where(and(eq(secretVersions.secretId, row.id), eq(secretVersions.version, row.version), isNotNull(secretVersions.envelope)));
    }
    return untraced.length === tracedAtOnce;
  }

  // One at a time: a trace says little of a large value, and there may be many versions of it.
  async #standingIn(orm: Orm, text: string, traces: readonly bigint[]): Promise<NamedSecret[]> {
    const bytes = Buffer.from(text);
    const standing: NamedSecret[] = [];
    for (let from = 0; from < traces.length; from += lookedUpAtOnce) {
      const some = `{${traces.slice(from, from + lookedUpAtOnce).join(',')}}`;
      const rows = await select(orm).where(and(sql`${secretVersions.traces} && ${some}::bigint[]`, holdsValue));
      for (const row of rows) {
        const value = this.#open(row);
        if (value === undefined) continue;
        const secret = { name: row.path, value };
        if (createRedactor([secret], bytes).find(text).length > 0) standing.push(secret);
        await setImmediate();
      }
    }
    return standing;
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

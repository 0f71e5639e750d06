import { SupervisorError } from '@supervisor/core';
import { rows, type Orm } from '@supervisor/db';
import { sql } from 'drizzle-orm';
import { open, rewrap, seal, type Binding } from './envelope.js';
import type { EncryptionKey } from './key.js';

/** The most data keys one key may wrap: far below where random IVs of 96 bits begin to repeat. */
export const mostWraps = 2 ** 31;
// Reserved at once: what is counted is an upper bound, at the most this much too high for each start of a process.
const block = 1000;

/** The keys of a process: one that seals, and those that it can also open with. */
export class Keyring {
  #writes: EncryptionKey;
  #keys: EncryptionKey[];
  #left = 0;
  #reserving: Promise<void> | undefined;

  constructor(writes: EncryptionKey, reads: readonly EncryptionKey[] = []) {
    this.#writes = writes;
    this.#keys = distinct([writes, ...reads]);
  }

  /** Fingerprint of the key that seals. */
  get writes(): string {
    return this.#writes.fingerprint;
  }

  /** Fingerprints of all keys that it opens with. */
  get reads(): string[] {
    return this.#keys.map(({ fingerprint }) => fingerprint);
  }

  has(fingerprint: string): boolean {
    return this.reads.includes(fingerprint);
  }

  /** From now on it can also open with this key. */
  add(key: EncryptionKey): void {
    this.#keys = distinct([...this.#keys, key]);
  }

  /** From now on it seals with this one of its keys. */
  writeWith(fingerprint: string): void {
    const key = this.#keys.find((candidate) => candidate.fingerprint === fingerprint);
    if (!key) throw new SupervisorError('wrong_key', `This process does not have the key with fingerprint ${fingerprint}.`);
    if (key === this.#writes) return;
    this.#writes = key;
    this.#left = 0;
  }

  forget(fingerprint: string): void {
    this.#keys = this.#keys.filter((key) => key.fingerprint !== fingerprint || key === this.#writes);
  }

  open(envelope: Buffer, binding: Binding): Buffer {
    return open(this.#keys, envelope, binding);
  }

  /** Seals under the writing key; its wrap must have been reserved. */
  seal(value: Buffer, binding: Binding): { keyId: string; envelope: Buffer } {
    return { keyId: this.writes, envelope: seal(this.#writes, value, binding) };
  }

  /** The same value wrapped by the writing key, without opening the value. */
  rewrap(envelope: Buffer, binding: Pick<Binding, 'secretId' | 'path' | 'version'>): Buffer {
    return rewrap(this.#keys, this.#writes, envelope, binding);
  }

  /**
   * Counts wraps of the writing key before they are made. Not inside a transaction: it uses a connection of its own.
   * @throws SupervisorError `exhausted` at 2³¹ of them, `wrong_key` for a retired key
   */
  async reserve(orm: Orm, count: number): Promise<void> {
    while (this.#left < count) {
      this.#reserving ??= this.#reserveBlock(orm, Math.max(block, count)).finally(() => (this.#reserving = undefined));
      await this.#reserving;
    }
    this.#left -= count;
  }

  async #reserveBlock(orm: Orm, count: number): Promise<void> {
    const id = this.writes;
    const [reserved] = await rows(
      orm,
      sql`update supervisor.encryption_keys set wraps = wraps + ${count}::bigint
          where id = ${id} and state <> 'retired' and wraps + ${count}::bigint <= ${mostWraps}::bigint returning id`,
    );
    if (!reserved) throw await this.#refusal(orm, id);
    if (this.writes === id) this.#left += count;
  }

  async #refusal(orm: Orm, id: string): Promise<SupervisorError> {
    const [key] = await rows<{ state: string }>(orm, sql`select state from supervisor.encryption_keys where id = ${id}`);
    if (key && key.state !== 'retired')
      return new SupervisorError(
        'exhausted',
        `The key with fingerprint ${id} has sealed 2³¹ values, which is enough for one key. Rotate to a new one: supervisor keys new.`,
      );
    return retired(id);
  }
}

export function retired(id: string): SupervisorError {
  return new SupervisorError(
    'wrong_key',
    `The key with fingerprint ${id} is retired: nothing is sealed under it any more. Set ENCRYPTION_KEY to the key in use; supervisor keys status names it.`,
  );
}

function distinct(keys: EncryptionKey[]): EncryptionKey[] {
  return keys.filter((key, index) => keys.findIndex(({ fingerprint }) => fingerprint === key.fingerprint) === index);
}

import { statfsSync } from 'node:fs';
import { protocol } from '@electric-sql/pglite';

/** What must be left on the disk of an embedded database for it to be written. */
export const reserveBytes = 32 * 1024 * 1024;

const lookMilliseconds = 200;
const [parse, query] = ['P', 'Q'].map((letter) => letter.charCodeAt(0));

/** How much a user may still write to the disk that holds this folder; boundless where that cannot be told. */
export function freeBytes(folder: string): number {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return blocks === 0 ? Infinity : bavail * bsize;
}

/**
 * Lets an embedded database only be read while its disk is nearly full. One whose disk is full in the middle of a commit
 * tries again for ever, without another turn of the event loop: neither a freed disk nor a signal brings that process back.
 */
export class DiskGuard {
  readonly #free: () => number;
  #looked = 0;
  #readOnly = false;

  constructor(free: () => number) {
    this.#free = free;
  }

  /** Goes before each message outside of a transaction. @param send sends one more */
  async before(message: Uint8Array, send: (message: Uint8Array) => Promise<unknown>): Promise<void> {
    // Between the messages of one statement another would undo what is prepared.
    if (message[0] !== parse && message[0] !== query) return;
    if (performance.now() - this.#looked < lookMilliseconds) return;
    this.#looked = performance.now();
    const low = this.#isLow();
    if (low === this.#readOnly) return;
    await send(protocol.serialize.query(`set default_transaction_read_only = ${low ? 'on' : 'off'}`));
    this.#readOnly = low;
  }

  #isLow(): boolean {
    try {
      return this.#free() < reserveBytes;
    } catch {
      return false;
    }
  }
}

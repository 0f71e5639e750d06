import { statfsSync } from 'node:fs';
import { protocol } from '@electric-sql/pglite';

/** What must be left on the disk of an embedded database for it to be written. */
export const reserveBytes = 32 * 1024 * 1024;

const lookMilliseconds = 200;
const [parse, query, idle] = ['P', 'Q', 'I'].map((letter) => letter.charCodeAt(0));

/** How much a user may still write to the disk that holds this folder. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/**
 * Lets an embedded database only be read while its disk is nearly full. One whose disk is full in the middle of a commit
 * tries again for ever, without another turn of the event loop: neither a freed disk nor a signal brings that process back.
 */
export class DiskGuard {
  readonly #folder: string;
  #looked = 0;
  /** Undefined: not known. */
  #readOnly: boolean | undefined = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Goes before each message to the database. @param send takes one more, and answers with what came back */
  async before(message: Uint8Array, send: (message: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    // Between the messages of one statement another would undo what is prepared.
    if (message[0] !== parse && message[0] !== query) return;
    if (performance.now() - this.#looked < lookMilliseconds) return;
    this.#looked = performance.now();
    const low = freeBytes(this.#folder) < reserveBytes;
    if (low === this.#readOnly) return;
    const answer = await send(protocol.serialize.query(`set default_transaction_read_only = ${low ? 'on' : 'off'}`));
    // Within a transaction, which may be taken back, it is said again at the next look.
    this.#readOnly = answer.at(-1) === idle ? low : undefined;
  }
}

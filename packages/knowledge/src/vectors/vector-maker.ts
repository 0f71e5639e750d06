import { setImmediate as breathe } from 'node:timers/promises';
import type { Database, Orm } from '@supervisor/db';
import type { Redact } from '../entry.js';
import { embedChunks } from './embed-chunks.js';
import type { Embedder } from './embedder.js';
import type { Embedders } from './embedders.js';
import { weighByHalves } from './halves.js';
import { markReady, removeModel, retiredModels, setWeight, startOver, type ModelRow } from './models.js';
import { claim, countPending, endLeases, removePending, walk } from './queue.js';
import { hasVectors, makeIndex, makeVectors, removeVectors } from './storage.js';
import { messageOf, type Trouble } from './trouble.js';

export interface VectorMakerParts {
  database: () => Promise<Database>;
  redact: Redact;
  embedders: Embedders;
  /** The model that vectors are made with now. */
  current: () => Promise<ModelRow | undefined>;
  trouble: Trouble;
}

const chunksAtOnce = 32;

/** Makes the vectors that are missing, in the background or while somebody waits, and removes those of models that are used no more. */
export class VectorMaker {
  readonly #parts: VectorMakerParts;
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  #again = false;
  #leasesEnded = false;

  constructor(parts: VectorMakerParts) {
    this.#parts = parts;
  }

  /** Ends with `close`. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Lets missing vectors be made in the background: at once, unless it failed a moment ago. */
  wake(): void {
    if (this.#ending.signal.aborted || this.#parts.trouble.rests) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    void this.#run().catch(() => {});
  }

  /**
   * Makes missing vectors until none is missing.
   * @throws SupervisorError `unavailable` when the model cannot be reached; what is done stays done
   */
  async complete(): Promise<void> {
    // It may have looked at the queue already.
    await this.#running?.catch(() => {});
    await this.#run();
  }

  #run(): Promise<void> {
    this.#running ??= this.#work()
      .then(() => void (this.#parts.trouble.problem = null))
      .catch((error: unknown) => {
        if (!this.#ending.signal.aborted) this.#parts.trouble.rest(messageOf(error));
        throw error;
      })
      .finally(() => {
        this.#running = undefined;
        const again = this.#again;
        this.#again = false;
        if (again) this.wake();
      });
    return this.#running;
  }

  /** Ends what runs in the background. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running?.catch(() => {});
  }

  async #work(): Promise<void> {
    const database = await this.#parts.database();
    const { orm } = database;
    // The model may be changed meanwhile: each batch is for the one that is current.
    for (let model = await this.#parts.current(); model; model = await this.#parts.current()) {
      await this.#prepare(database, model);
      const embedder = await this.#parts.embedders.of(model, this.signal);
      const more = await walk(orm, model.id);
      const chunks = await claim(orm, model.id, chunksAtOnce);
      if (chunks.length > 0) await embedChunks(orm, model.id, embedder, chunks, { redact: this.#parts.redact, signal: this.signal });
      else if (!more) {
        const { pending, failed } = await countPending(orm, model.id);
        if (pending === failed) {
          if (model.measured === null) await this.#try(orm, model, embedder);
          await markReady(orm, model.id);
        }
        break;
      }
      await this.#pause();
    }
    for (const id of await retiredModels(orm)) await this.#forget(orm, id);
  }

  // Whoever it was configured for may have few texts yet: then it is tried when there are more.
  async #try(orm: Orm, { id }: ModelRow, embedder: Embedder): Promise<void> {
    const tried = await weighByHalves(orm, embedder, this.#parts.redact, this.signal);
    if (tried) await setWeight(orm, id, tried.weight, tried.measured);
  }

  async #prepare(database: Database, { id, dims }: ModelRow): Promise<void> {
    // After a restore the models are known, and their vectors are not there.
    if (await makeVectors(database)) {
      await startOver(database.orm, id);
      if (database.kind === 'postgres') await makeIndex(database.orm, id, dims);
    }
    if (database.kind === 'embedded' && !this.#leasesEnded) await endLeases(database.orm, id);
    this.#leasesEnded = true;
  }

  async #forget(orm: Orm, id: number): Promise<void> {
    while (await removePending(orm, id)) await this.#pause();
    if (await hasVectors(orm)) while (await removeVectors(orm, id)) await this.#pause();
    await removeModel(orm, id);
  }

  // Others run between two batches.
  async #pause(): Promise<void> {
    await breathe();
    this.#ending.signal.throwIfAborted();
  }
}

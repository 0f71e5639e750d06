import { setImmediate as breathe } from 'node:timers/promises';
import { SupervisorError } from '@supervisor/core';
import type { Database, Orm } from '@supervisor/db';
import type { Redact } from '../entry.js';
import { embedChunks } from './embed-chunks.js';
import { embedTexts, type Embedder } from './embedder.js';
import { Embedders } from './embedders.js';
import {
  currentModel,
  markReady,
  removeModel,
  retireAll,
  retiredModels,
  sameSettings,
  setWeight,
  startModel,
  startOver,
} from './models.js';
import type { EmbedderSettings, ModelRow } from './models.js';
import { claim, countPending, endLeases, removePending, walk } from './queue.js';
import { weighByHalves } from './halves.js';
import { hasVectors, makeIndex, makeVectors, removeVectors } from './storage.js';
import type { Measured } from './weight.js';

export interface EmbeddingOptions {
  database: () => Promise<Database>;
  redact: Redact;
  /** Brought by the program; else an owner configures one. */
  embedder?: Embedder | undefined;
  /** The value of a secret, by its path. */
  secret?: ((path: string) => Promise<string>) | undefined;
}

export interface EmbedderStatus {
  /** Null when none is configured. */
  embedder: string | null;
  dims: number | null;
  settings: EmbedderSettings | null;
  /** `building`: lexical until every chunk has its vector; `ready`: asked; `none`. */
  state: 'none' | 'building' | 'ready';
  weight: number | null;
  measured: Measured | null;
  pending: number;
  /** Of those pending: refused by the model, tried again later. */
  failed: number;
  /** What keeps it from working; null when nothing does. */
  problem: string | null;
}

/** A question as a vector, or why there is none. */
export type AskedVector = { model: ModelRow; vector: number[] } | { reason: string; embedder: string };

/** Where a search has its vectors from. */
export interface VectorSource {
  ask(orm: Orm, question: string): Promise<AskedVector | undefined>;
  failed(): string;
}

const chunksAtOnce = 32;
// Somebody waits for the answer, and words find it too.
const longestQuestion = 3_000;
const restAfterFailure = 30_000;

/** The vectors of one knowledge base: which model makes them, which are still to be made, and making them. */
export class Embedding implements VectorSource {
  readonly #options: EmbeddingOptions;
  readonly #embedders: Embedders;
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  #again = false;
  #given: Promise<void> | undefined;
  #known = false;
  #leasesEnded = false;
  #problem: string | null = null;
  #restUntil = 0;

  constructor(options: EmbeddingOptions) {
    this.#options = options;
    this.#embedders = new Embedders(options.embedder, options.secret);
  }

  /** Embeds a question. Undefined without a model: nothing is missing then. Never throws: words find answers too. */
  async ask(orm: Orm, question: string): Promise<AskedVector | undefined> {
    const model = await this.#current();
    if (!model) return this.#options.embedder && { embedder: this.#options.embedder.id, reason: this.#problem! };
    if (model.weight === 0)
      return {
        embedder: model.name,
        reason: `Its weight is 0: ${model.measured?.by === 'owner' ? 'the owner said so' : 'it was measured not to help'}.`,
      };
    return this.#ask(orm, model, question);
  }

  /** The same with another weight, to measure what it would do. */
  weighing(weight: number): VectorSource {
    return {
      ask: async (orm, question) => {
        const model = await this.#current();
        return model && this.#ask(orm, { ...model, weight }, question);
      },
      failed: () => this.failed(),
    };
  }

  async #ask(orm: Orm, model: ModelRow, question: string): Promise<AskedVector> {
    const embedder = model.name;
    if (model.state === 'building') {
      this.wake();
      const { pending } = await countPending(orm, model.id);
      return { embedder, reason: this.#problem ?? `Vectors are being made: ${pending} chunks wait.` };
    }
    if (Date.now() < this.#restUntil) return { embedder, reason: this.#problem ?? 'It failed a moment ago.' };
    try {
      const [vector] = await embedTexts(
        await this.#embedders.of(model, this.#deadline()),
        [question],
        'query',
        this.#deadline(longestQuestion),
      );
      return { model, vector: vector! };
    } catch (error) {
      // One odd question says nothing of the next.
      if (error instanceof SupervisorError && error.code === 'invalid_input') return { embedder, reason: error.message };
      this.#rest(error);
      return { embedder, reason: this.#problem! };
    }
  }

  /**
   * Makes a model the one that is used; vectors of another are made anew, and words serve until all are there. The same again changes nothing.
   * @throws SupervisorError when it cannot be reached, or the server has no pgvector
   */
  async configure(settings: EmbedderSettings, weight?: number): Promise<EmbedderStatus> {
    const database = await this.#options.database();
    const embedder = await this.#embedders.build(settings, this.#deadline());
    await embedTexts(embedder, ['A first text, to see whether it answers.'], 'document', this.#deadline());
    await makeVectors(database);
    const model = await currentModel(database.orm);
    const same = model && model.name === embedder.id && model.dims === embedder.dims && sameSettings(model.settings, settings);
    const chosen = weight === undefined ? {} : { weight, measured: { by: 'owner' as const } };
    if (!same) await this.#start(database, { name: embedder.id, dims: embedder.dims, settings, ...chosen });
    else if (weight !== undefined) await setWeight(database.orm, model.id, weight, { by: 'owner' });
    this.#embedders.forget();
    this.#rested();
    this.wake();
    return this.status();
  }

  /** Makes every vector anew, with the same model. Words serve meanwhile. */
  async reembed(): Promise<EmbedderStatus> {
    const database = await this.#options.database();
    const { name, dims, settings, weight, measured } = await this.#required();
    await makeVectors(database);
    const kept = measured === null || measured.by === 'halves' ? {} : { weight, measured };
    await this.#start(database, { name, dims, settings, ...kept });
    this.#rested();
    this.wake();
    return this.status();
  }

  /** Uses no model any more, and removes all vectors. */
  async remove(): Promise<EmbedderStatus> {
    const { orm } = await this.#options.database();
    await retireAll(orm);
    this.#problem = null;
    this.wake();
    return this.status();
  }

  async setWeight(weight: number, measured: Measured): Promise<void> {
    const { orm } = await this.#options.database();
    await setWeight(orm, (await this.#required()).id, weight, measured);
  }

  async status(): Promise<EmbedderStatus> {
    const { orm } = await this.#options.database();
    const model = await this.#current();
    if (!model) {
      const none = { embedder: null, dims: null, settings: null, weight: null, measured: null };
      return { ...none, state: 'none', pending: 0, failed: 0, problem: this.#problem };
    }
    const { id: _, name, queuedTo: __, ...rest } = model;
    return { embedder: name, ...rest, ...(await countPending(orm, model.id)), problem: this.#problem };
  }

  /** New chunks wait for vectors, if there is a model at all. */
  stored(): void {
    if (this.#known || this.#options.embedder) this.wake();
  }

  /** What was asked for could not be read: perhaps the vectors are gone. @returns what to tell of it */
  failed(): string {
    this.wake();
    this.#restUntil = Date.now() + restAfterFailure;
    return (this.#problem = 'The vectors cannot be read just now.');
  }

  /** Lets missing vectors be made in the background: at once, unless it failed a moment ago. */
  wake(): void {
    if (this.#ending.signal.aborted || Date.now() < this.#restUntil) return;
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
      .then(() => void (this.#problem = null))
      .catch((error: unknown) => {
        if (!this.#ending.signal.aborted) this.#rest(error);
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
    const database = await this.#options.database();
    const { orm } = database;
    // The model may be changed meanwhile: each batch is for the one that is current.
    for (let model = await this.#current(); model; model = await this.#current()) {
      await this.#prepare(database, model);
      const embedder = await this.#embedders.of(model, this.#deadline());
      const more = await walk(orm, model.id);
      const chunks = await claim(orm, model.id, chunksAtOnce);
      if (chunks.length > 0) await embedChunks(orm, model.id, embedder, chunks, { redact: this.#options.redact, signal: this.#deadline() });
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
    const tried = await weighByHalves(orm, embedder, this.#options.redact, this.#deadline());
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

  async #start(database: Database, model: Parameters<typeof startModel>[1]): Promise<void> {
    const id = await startModel(database.orm, model);
    if (database.kind === 'postgres') await makeIndex(database.orm, id, model.dims);
  }

  /** The current model; one that the program brings becomes it. */
  async #current(): Promise<ModelRow | undefined> {
    const { embedder } = this.#options;
    if (embedder) await (this.#given ??= this.#bring(embedder).catch((error: unknown) => void (this.#problem = messageOf(error))));
    const model = await currentModel((await this.#options.database()).orm);
    this.#known = model !== undefined;
    return model;
  }

  async #bring({ id: name, dims }: Embedder): Promise<void> {
    const database = await this.#options.database();
    const model = await currentModel(database.orm);
    if (model && model.name === name && model.dims === dims && model.settings === null) return;
    await makeVectors(database);
    await this.#start(database, { name, dims, settings: null });
  }

  async #required(): Promise<ModelRow> {
    const model = await this.#current();
    if (model) return model;
    throw new SupervisorError('conflict', 'No embedder is configured. Configure one first: supervisor knowledge configure-embedder --help');
  }

  // Others run between two batches.
  async #pause(): Promise<void> {
    await breathe();
    this.#ending.signal.throwIfAborted();
  }

  #deadline(milliseconds?: number): AbortSignal {
    const { signal } = this.#ending;
    return milliseconds === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
  }

  #rest(error: unknown): void {
    this.#problem = messageOf(error);
    this.#restUntil = Date.now() + restAfterFailure;
  }

  #rested(): void {
    this.#restUntil = 0;
    this.#problem = null;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof SupervisorError) return error.message;
  const { name } = error as { name?: unknown };
  return name === 'TimeoutError' ? 'It did not answer in time.' : 'Vectors failed; the texts are found by their words.';
}

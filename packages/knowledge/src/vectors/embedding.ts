import { SupervisorError } from '@supervisor/core';
import type { Database, Orm } from '@supervisor/db';
import type { Redact } from '../entry.js';
import { embedTexts, type Embedder } from './embedder.js';
import { Embedders } from './embedders.js';
import { currentModel, retireAll, sameSettings, setWeight, startModel } from './models.js';
import type { EmbedderSettings, ModelRow } from './models.js';
import { countPending } from './queue.js';
import { makeIndex, makeVectors } from './storage.js';
import { messageOf, Trouble } from './trouble.js';
import { VectorMaker } from './vector-maker.js';
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

// Somebody waits for the answer, and words find it too.
const longestQuestion = 3_000;

/** The vectors of one knowledge base: which model makes them, how far they are, and questions asked by them. */
export class Embedding implements VectorSource {
  readonly #options: EmbeddingOptions;
  readonly #embedders: Embedders;
  readonly #trouble = new Trouble();
  readonly #maker: VectorMaker;
  #given: Promise<void> | undefined;
  #known = false;

  constructor(options: EmbeddingOptions) {
    this.#options = options;
    const { database, redact, embedder, secret } = options;
    this.#embedders = new Embedders(embedder, secret);
    this.#maker = new VectorMaker({ database, redact, embedders: this.#embedders, current: () => this.#current(), trouble: this.#trouble });
  }

  /** Embeds a question. Undefined without a model: nothing is missing then. Never throws: words find answers too. */
  async ask(orm: Orm, question: string): Promise<AskedVector | undefined> {
    const model = await this.#current();
    if (!model) return this.#options.embedder && { embedder: this.#options.embedder.id, reason: this.#trouble.problem! };
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
      return { embedder, reason: this.#trouble.problem ?? `Vectors are being made: ${pending} chunks wait.` };
    }
    if (this.#trouble.rests) return { embedder, reason: this.#trouble.problem ?? 'It failed a moment ago.' };
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
      this.#trouble.rest(messageOf(error));
      return { embedder, reason: this.#trouble.problem! };
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
    this.#trouble.end();
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
    this.#trouble.end();
    this.wake();
    return this.status();
  }

  /** Uses no model any more, and removes all vectors. */
  async remove(): Promise<EmbedderStatus> {
    const { orm } = await this.#options.database();
    await retireAll(orm);
    this.#trouble.problem = null;
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
      return { ...none, state: 'none', pending: 0, failed: 0, problem: this.#trouble.problem };
    }
    const { id: _, name, queuedTo: __, ...rest } = model;
    return { embedder: name, ...rest, ...(await countPending(orm, model.id)), problem: this.#trouble.problem };
  }

  /** New chunks wait for vectors, if there is a model at all. */
  stored(): void {
    if (this.#known || this.#options.embedder) this.wake();
  }

  /** What was asked for could not be read: perhaps the vectors are gone. @returns what to tell of it */
  failed(): string {
    const problem = 'The vectors cannot be read just now.';
    this.wake();
    this.#trouble.rest(problem);
    return problem;
  }

  /** Lets missing vectors be made in the background: at once, unless it failed a moment ago. */
  wake(): void {
    this.#maker.wake();
  }

  /** Makes missing vectors until none is missing. @throws SupervisorError as the model does; what is done stays done */
  async complete(): Promise<void> {
    await this.#maker.complete();
  }

  /** Ends what runs in the background. */
  async close(): Promise<void> {
    await this.#maker.close();
  }

  async #start(database: Database, model: Parameters<typeof startModel>[1]): Promise<void> {
    const id = await startModel(database.orm, model);
    if (database.kind === 'postgres') await makeIndex(database.orm, id, model.dims);
  }

  /** The current model; one that the program brings becomes it. */
  async #current(): Promise<ModelRow | undefined> {
    const { embedder } = this.#options;
    if (embedder) await (this.#given ??= this.#bring(embedder).catch((error: unknown) => void (this.#trouble.problem = messageOf(error))));
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

  #deadline(milliseconds?: number): AbortSignal {
    const { signal } = this.#maker;
    return milliseconds === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
  }
}

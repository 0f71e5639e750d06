import { checkProject, SupervisorError } from '@supervisor/core';
import { connect, type Database } from '@supervisor/db';
import { everyone, type Caller, type Entry, type Redact } from './entry.js';
import { forget, removeExpired, type Selection } from './forget.js';
import { ingest, listDocuments, removeDocuments, type Document, type Ingested, type IngestOptions } from './ingest.js';
import { findSimilar, store, type Learned, type LearnOptions } from './learn.js';
import { knowledgeMigrations } from './migrations.js';
import { listRoots, registerRoot, rootAt, type Root } from './roots.js';
import { knowledgeLanguages } from './schema.js';
import { related } from './search/related.js';
import { search, type Answer, type Hit, type SearchOptions } from './search/search.js';
import { changeEntry, expiry, type Changes } from './store/change.js';
import { draft, languageOf } from './store/drafts.js';
import { listEntries, readEntry, type ListFilter } from './store/read.js';
import { reindex } from './store/reindex.js';
import { readStats, type Stats } from './store/stats.js';
import { isLanguage, type Language } from './text/stem.js';
import { exportLines, importLines, type Line } from './transfer.js';
import { calibrate, type Calibration, type Pair } from './vectors/calibrate.js';
import type { Embedder } from './vectors/embedder.js';
import { Embedding, type EmbedderStatus } from './vectors/embedding.js';
import type { EmbedderSettings } from './vectors/models.js';

export interface KnowledgeOptions {
  db?: Database | undefined;
  redact?: Redact | undefined;
  now?: (() => Date) | undefined;
  embedder?: Embedder | undefined;
  secret?: ((path: string) => Promise<string>) | undefined;
}

// How long a change of language keeps its caller, and a sweep the database.
const callMilliseconds = 2_000;
const sweepMilliseconds = 10_000;

/** Keeps what projects learn, and finds it again by its words. */
export class KnowledgeBase {
  readonly #database: () => Promise<Database>;
  readonly #redact: Redact;
  readonly #now: () => Date;
  readonly #embedding: Embedding;

  /**
   * @param options.redact takes secrets out of every text before it is hashed, split, stored or embedded; without it texts stay as they are
   * @param options.embedder makes vectors, by which texts are found too; without it an owner may configure one
   * @param options.secret the value of a secret, for a configured embedder that needs a key
   */
  constructor(options: KnowledgeOptions = {}) {
    this.#database = connect(knowledgeMigrations, options.db);
    this.#redact = options.redact ?? ((text) => ({ text, redactions: [] }));
    this.#now = options.now ?? (() => new Date());
    const { embedder, secret } = options;
    this.#embedding = new Embedding({ database: this.#database, redact: this.#redact, embedder, secret });
  }

  /**
   * Stores a text. What says exactly the same is not stored twice; what says nearly the same is named.
   * @throws SupervisorError `not_found` when the entry it supersedes is not the project's
   */
  async learn(project: string, text: string, options: LearnOptions = {}, caller: Caller = everyone): Promise<Learned> {
    checkProject(project);
    const { orm } = await this.#database();
    const { supersedes, ttlDays, kind = 'learning', visibility = 'project', ...rest } = options;
    const now = this.#now();
    const language = await languageOf(orm, project);
    const given = { ...rest, project, text, kind, visibility, language, expiresAt: expiry(ttlDays, now) };
    const { draft: clean, redactions } = await draft(this.#redact, given);
    const similar = await findSimilar(orm, clean, caller, now);
    const { id, duplicateOf } = await store(orm, clean, supersedes, now);
    await removeExpired(orm, now);
    this.#embedding.stored();
    return { id, created: duplicateOf === null, duplicateOf, redactions, similar: similar.filter((entry) => entry.id !== id) };
  }

  /** Finds the chunks that answer a question best. */
  async search(query: string, options: SearchOptions = {}, caller: Caller = everyone): Promise<Answer> {
    const { orm } = await this.#database();
    const { text } = await this.#redact(query);
    return search(orm, text, { ...options, slips: true }, caller, this.#now(), this.#embedding);
  }

  /** What was learned about a piece of work, the best first: not what merely shares a word with it, and nothing superseded. */
  async related(work: string, most: number, caller: Caller = everyone): Promise<Hit[]> {
    const { orm } = await this.#database();
    const { text } = await this.#redact(work);
    return related(orm, text, most, caller, this.#now());
  }

  /** @throws SupervisorError `not_found` */
  async get(id: number, caller: Caller = everyone): Promise<Entry> {
    const { orm } = await this.#database();
    return readEntry(orm, id, caller);
  }

  /** The newest first, without their texts. */
  async list(filter: ListFilter = {}, caller: Caller = everyone): ReturnType<typeof listEntries> {
    const { orm } = await this.#database();
    return listEntries(orm, filter, caller, this.#now());
  }

  /**
   * Changes what is given; the id stays.
   * @throws SupervisorError `not_found`, `forbidden` when it is another project's, `conflict` for the text of an ingested file
   */
  async update(id: number, changes: Changes, caller: Caller = everyone): Promise<Entry> {
    const { orm } = await this.#database();
    if (await changeEntry(orm, this.#redact, id, changes, caller, this.#now())) this.#embedding.stored();
    return readEntry(orm, id, caller);
  }

  async #reindex(milliseconds: number, project?: string): Promise<{ reindexed: number; left: number }> {
    const done = await reindex((await this.#database()).orm, this.#redact, milliseconds, project);
    if (done.reindexed > 0) this.#embedding.stored();
    return done;
  }

  /** Removes entries and all that the index knew of them; with `dryRun` only says which. */
  async forget(selection: Selection, options: { dryRun?: boolean | undefined } = {}, caller: Caller = everyone): Promise<number[]> {
    const { orm } = await this.#database();
    return forget(orm, selection, options.dryRun ?? false, caller);
  }

  /** What there is, for each project, kind and visibility. */
  async stats(project?: string, caller: Caller = everyone): Promise<Stats[]> {
    const { orm } = await this.#database();
    return readStats(orm, project, caller);
  }

  /**
   * Says in which language a project writes. What it has already is indexed anew.
   * @throws SupervisorError `invalid_input` for a language whose stems are not known
   */
  async setLanguage(project: string, language: string): Promise<{ project: string; language: Language; reindexed: number; left: number }> {
    if (!isLanguage(language))
      throw new SupervisorError('invalid_input', `There are no stems for ${JSON.stringify(language.slice(0, 40))}.`);
    const { orm } = await this.#database();
    await orm
      .insert(knowledgeLanguages)
      .values({ project, language })
      .onConflictDoUpdate({ target: knowledgeLanguages.project, set: { language } });
    return { project, language, ...(await this.#reindex(callMilliseconds, project)) };
  }

  /** Goes on with what changes of language have left, for ten seconds at the most. */
  async reindex(): Promise<{ reindexed: number; left: number }> {
    return this.#reindex(sweepMilliseconds);
  }

  /**
   * Allows a folder to be ingested into a project. Repeating it changes nothing.
   * @throws SupervisorError `invalid_input` for the home folder and what contains it
   */
  async registerRoot(project: string, path: string): Promise<Root & { created: boolean }> {
    const { orm } = await this.#database();
    checkProject(project);
    return registerRoot(orm, project, path);
  }

  async listRoots(project?: string): Promise<Root[]> {
    const { orm } = await this.#database();
    return listRoots(orm, project);
  }

  /**
   * Brings documents of a registered root up to date: the same path is the same document, an equal text is left alone.
   * @throws SupervisorError `not_found` when the root is not registered
   */
  async ingest(project: string, root: string, documents: readonly Document[], options: IngestOptions = {}): Promise<Ingested> {
    const { orm } = await this.#database();
    const done = await ingest(orm, this.#redact, await rootAt(orm, project, root), documents, options);
    this.#embedding.stored();
    return done;
  }

  /** The documents of a root, in the order they came in. */
  async listDocuments(
    project: string,
    root: string,
    page: { limit?: number | undefined; cursor?: string | undefined } = {},
  ): ReturnType<typeof listDocuments> {
    const { orm } = await this.#database();
    return listDocuments(orm, (await rootAt(orm, project, root)).id, page);
  }

  /** Forgets documents that are no longer in their root. Answers with those that were there. */
  async removeDocuments(project: string, root: string, sources: string[]): Promise<string[]> {
    const { orm } = await this.#database();
    return removeDocuments(orm, this.#redact, (await rootAt(orm, project, root)).id, sources);
  }

  /** What was learned as lines of JSONL, a page at a time. Documents stay out: their files are the original. */
  async export(
    filter: { project?: string | undefined; limit?: number | undefined; cursor?: string | undefined } = {},
    caller: Caller = everyone,
  ): ReturnType<typeof exportLines> {
    const { orm } = await this.#database();
    return exportLines(orm, filter, caller);
  }

  /** Stores exported lines; what is there already is left as it is. */
  async import(lines: readonly Line[]): ReturnType<typeof importLines> {
    const { orm } = await this.#database();
    const done = await importLines(orm, this.#redact, lines, this.#now());
    this.#embedding.stored();
    return done;
  }

  /**
   * Makes a model the one that vectors are made with. Until all are made, texts are found by their words. The same again changes nothing.
   * @param weight what a cosine of 1 counts, where the best match of words counts 1; `calibrate` measures it
   * @throws SupervisorError `unavailable` when the model does not answer, or the server has no pgvector
   */
  async configureEmbedder(settings: EmbedderSettings, weight?: number): Promise<EmbedderStatus> {
    return this.#embedding.configure(settings, weight);
  }

  /** Which model makes vectors, how far they are, and what keeps them from being made. */
  async embedder(): Promise<EmbedderStatus> {
    return this.#embedding.status();
  }

  /** Uses no model any more, and forgets all vectors. */
  async removeEmbedder(): Promise<EmbedderStatus> {
    return this.#embedding.remove();
  }

  /** Makes all vectors anew, with the same model: what it answers may have changed. @throws SupervisorError `conflict` without one */
  async reembed(): Promise<EmbedderStatus> {
    return this.#embedding.reembed();
  }

  /** Makes the vectors that are missing, and ends when none is. @throws SupervisorError `unavailable` when the model does not answer */
  async embedMissing(): Promise<void> {
    return this.#embedding.complete();
  }

  /** Lets missing vectors be made in the background; what goes wrong there, `embedder` says. */
  wake(): void {
    this.#embedding.wake();
  }

  /**
   * Measures by questions with known answers what a cosine should count, and keeps it. 0 where vectors do not help for sure.
   * @throws SupervisorError `conflict` before all vectors are made, `invalid_input` for fewer than 20 pairs that are there
   */
  async calibrate(pairs: readonly Pair[], caller: Caller = everyone): Promise<Calibration> {
    const { orm } = await this.#database();
    const { state, pending, failed } = await this.#embedding.status();
    if (state !== 'ready' || pending > failed)
      throw new SupervisorError(
        'conflict',
        'There is no embedder, or its vectors are still being made: see supervisor knowledge get-embedder.',
      );
    const calibration = await calibrate(pairs, async (query) => {
      const { text } = await this.#redact(query);
      const { results, reason } = await search(orm, text, { limit: 200 }, caller, this.#now(), this.#embedding.weighing(1));
      if (reason !== undefined) throw new SupervisorError('unavailable', `${reason} Nothing was changed.`);
      return results;
    });
    const { weight, ...measured } = calibration;
    await this.#embedding.setWeight(weight, { by: 'pairs', ...measured });
    return calibration;
  }

  /** Ends what runs in the background. */
  async close(): Promise<void> {
    await this.#embedding.close();
  }
}

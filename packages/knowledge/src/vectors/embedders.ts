import { SupervisorError } from '@supervisor/core';
import type { Embedder } from './embedder.js';
import { endpointDims, endpointEmbedder } from './endpoint.js';
import { localEmbedder } from './local.js';
import type { EmbedderSettings, ModelRow } from './models.js';

/** What makes the vectors of a model: the one that the program brought, or one out of its settings, kept as long as it is the same. */
export class Embedders {
  readonly #brought: Embedder | undefined;
  readonly #secret: (path: string) => Promise<string>;
  #made: { id: number; embedder: Promise<Embedder> } | undefined;

  constructor(brought: Embedder | undefined, secret: (path: string) => Promise<string> = noSecrets) {
    this.#brought = brought;
    this.#secret = secret;
  }

  /** @throws SupervisorError `unavailable` when another program brought it, or it cannot be reached */
  async of({ id, name, dims, settings }: ModelRow, signal: AbortSignal): Promise<Embedder> {
    if (settings === null) {
      if (this.#brought?.id === name && this.#brought.dims === dims) return this.#brought;
      throw new SupervisorError('unavailable', `${name} was brought by another program, and is not here.`);
    }
    if (this.#made?.id !== id) {
      const made = { id, embedder: this.build(settings, signal, dims) };
      made.embedder.catch(() => this.#made === made && (this.#made = undefined));
      this.#made = made;
    }
    return this.#made.embedder;
  }

  /** @param dims asked of the endpoint when absent */
  async build(settings: EmbedderSettings, signal: AbortSignal, dims?: number): Promise<Embedder> {
    if ('folder' in settings) return localEmbedder(settings);
    const { secret, ...options } = settings;
    const key = secret === undefined ? undefined : () => this.#secret(secret);
    return endpointEmbedder({ ...options, key, dims: dims ?? (await endpointDims({ ...options, key }, signal)) });
  }

  /** Settings have changed: what was made is made anew. */
  forget(): void {
    this.#made = undefined;
  }
}

function noSecrets(path: string): Promise<string> {
  return Promise.reject(new SupervisorError('unavailable', `secret: nothing here can read ${path}.`));
}

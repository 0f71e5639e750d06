import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { SupervisorError } from '@supervisor/core';
import type { Embedder } from './embedder.js';

export interface LocalOptions {
  /** A model's folder, with config.json, tokenizer.json and onnx/: nothing is ever downloaded. */
  folder: string;
  /** 512 when left out. */
  maxTokens?: number | undefined;
  queryPrefix?: string | undefined;
  documentPrefix?: string | undefined;
}

interface Transformers {
  env: { allowRemoteModels: boolean; allowLocalModels: boolean; localModelPath: string };
  pipeline(task: 'feature-extraction', model: string, options: { local_files_only: true }): Promise<Extractor>;
}

type Extractor = (texts: string[], options: { pooling: 'mean'; normalize: true }) => Promise<{ tolist(): number[][] }>;

const usualTokens = 512;
const textsAtOnce = 8;

/**
 * A model that runs in this process, by transformers.js. It is no dependency: who wants it installs it.
 * @throws SupervisorError `unavailable` when it is not installed, `not_found` when the folder holds no model
 */
export async function localEmbedder({ folder, maxTokens = usualTokens, ...prefixes }: LocalOptions): Promise<Embedder> {
  const path = resolve(folder);
  if (!existsSync(join(path, 'config.json')))
    throw new SupervisorError('not_found', `folder: ${path} holds no model; its config.json is missing.`);
  const { env, pipeline } = await load();
  Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: dirname(path) });
  const extract = await pipeline('feature-extraction', basename(path), { local_files_only: true }).catch((cause: unknown) => {
    throw new SupervisorError('not_found', `folder: ${path} holds no model that transformers.js can read.`, {}, { cause });
  });
  const embed = async (texts: readonly string[]) => {
    const vectors: number[][] = [];
    for (let start = 0; start < texts.length; start += textsAtOnce)
      vectors.push(...(await extract(texts.slice(start, start + textsAtOnce), { pooling: 'mean', normalize: true })).tolist());
    return vectors;
  };
  const [probe] = await embed(['dimensions']);
  return {
    id: `local/${basename(path)}`,
    dims: probe!.length,
    maxTokens,
    embed(texts, kind) {
      const prefix = (kind === 'query' ? prefixes.queryPrefix : prefixes.documentPrefix) ?? '';
      return embed(texts.map((text) => prefix + text));
    },
  };
}

async function load(): Promise<Transformers> {
  // Not a literal: it need not be there when this is compiled.
  const name = '@huggingface/transformers';
  try {
    return (await import(name)) as Transformers;
  } catch (cause) {
    const message = 'A local model needs transformers.js: npm install @huggingface/transformers (4.x), beside @supervisor/knowledge.';
    throw new SupervisorError('unavailable', message, {}, { cause });
  }
}

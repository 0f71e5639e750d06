import { setTimeout as sleep } from 'node:timers/promises';
import { isPlain, SupervisorError } from '@supervisor/core';
import { z } from 'zod';
import type { Embedder, EmbeddingKind } from './embedder.js';

/** An endpoint that speaks as OpenAI's does: OpenAI, Ollama, Voyage, vLLM, llama.cpp and others. */
export interface EndpointOptions {
  /** What stands before `/embeddings`, such as `http://127.0.0.1:11434/v1`. Plain http on loopback only. */
  url: string;
  model: string;
  dims: number;
  /** 2,000 when left out: more than a chunk has. */
  maxTokens?: number | undefined;
  /** Asked for before each request, and kept nowhere. */
  key?: (() => Promise<string>) | undefined;
  /** What the model wants to stand before a question, or a document. */
  queryPrefix?: string | undefined;
  documentPrefix?: string | undefined;
}

const usualTokens = 2000;
const textsPerRequest = 32;
const longestMilliseconds = 30_000;
const attempts = 4;
const longestWait = 20_000;
const largestAnswer = 64 * 1024 * 1024;
const answer = z.object({ data: z.array(z.object({ index: z.int().optional(), embedding: z.array(z.number()) })) });

/** @throws SupervisorError `invalid_input` for a URL that a text may not go to */
export function endpointEmbedder({ url, model, dims, maxTokens = usualTokens, key, ...prefixes }: EndpointOptions): Embedder {
  const base = checkUrl(url);
  return {
    id: `${base.host}/${model}`,
    dims,
    maxTokens,
    async embed(texts, kind, signal) {
      const prefix = (kind === 'query' ? prefixes.queryPrefix : prefixes.documentPrefix) ?? '';
      const vectors: number[][] = [];
      for (let start = 0; start < texts.length; start += textsPerRequest) {
        const input = texts.slice(start, start + textsPerRequest).map((text) => prefix + text);
        vectors.push(...(await ask(base, { model, input }, key, kind, signal)));
      }
      return vectors;
    },
  };
}

/** How many numbers the vectors of an endpoint's model have: it is asked for one. */
export async function endpointDims(options: Omit<EndpointOptions, 'dims'>, signal: AbortSignal): Promise<number> {
  const [vector] = await ask(checkUrl(options.url), { model: options.model, input: ['dimensions'] }, options.key, 'document', signal);
  return vector!.length;
}

function checkUrl(text: string): URL {
  const url = URL.parse ? URL.parse(text) : URL.canParse(text) ? new URL(text) : null;
  const refuse = (problem: string) => new SupervisorError('invalid_input', `url: ${problem}`);
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw refuse('give an address such as https://api.openai.com/v1.');
  if (url.username !== '' || url.password !== '') throw refuse('a key is named with secret, never in the address.');
  if (url.search !== '' || url.hash !== '') throw refuse('it may have no query and no fragment.');
  if (isPlain(url.origin)) throw refuse('plain http is for this machine only: use https.');
  return new URL(`${url.href.replace(/\/+$/, '')}/embeddings`);
}

// A question has somebody waiting: it is asked once. Documents wait as long as the endpoint says.
async function ask(
  url: URL,
  body: { model: string; input: string[] },
  key: EndpointOptions['key'],
  kind: EmbeddingKind,
  signal: AbortSignal,
) {
  for (let attempt = 1; ; attempt++) {
    const response = await send(url, body, await key?.(), signal);
    if (response.ok) return parse(await read(response, url), url, body.input.length);
    await response.body?.cancel();
    const { status } = response;
    if (kind === 'query' || attempt === attempts || ![429, 502, 503, 504].includes(status)) throw refusal(url, status);
    await sleep(waitOf(response.headers.get('retry-after'), attempt), undefined, { signal });
  }
}

async function send(url: URL, body: object, key: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key.trim()}` }) };
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(longestMilliseconds)]);
  try {
    // A redirect would take texts and key where the owner did not say.
    return await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), redirect: 'error', signal: deadline });
  } catch {
    signal.throwIfAborted();
    const why = deadline.aborted ? `gave no answer within ${longestMilliseconds / 1000} seconds` : 'cannot be reached';
    throw new SupervisorError('unavailable', `${url.host} ${why}. Look whether it runs.`);
  }
}

async function read(response: Response, url: URL): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > largestAnswer) throw new SupervisorError('unavailable', `${url.host} answered with more than vectors can be.`);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return undefined;
  }
}

function parse(text: unknown, url: URL, count: number): number[][] {
  const parsed = answer.safeParse(text);
  if (!parsed.success || parsed.data.data.length !== count)
    throw new SupervisorError(
      'unavailable',
      `${url.host} did not answer with a vector for each text. Its address ends before /embeddings.`,
    );
  return parsed.data.data.toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0)).map(({ embedding }) => embedding);
}

// Seconds, or a date; else twice as long each time.
function waitOf(header: string | null, attempt: number): number {
  const asked = header === null ? NaN : /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Math.min(longestWait, Number.isNaN(asked) ? 500 * 2 ** attempt : Math.max(0, asked));
}

// What it says itself may quote the texts or the key.
function refusal(url: URL, status: number): SupervisorError {
  if ([400, 413, 422].includes(status))
    return new SupervisorError('invalid_input', `${url.host} refuses these texts or the model (HTTP ${status}).`);
  const hint = status === 401 || status === 403 ? ': look at the secret' : status === 404 ? ': look at url and model' : '';
  return new SupervisorError('unavailable', `${url.host} answers with HTTP ${status}${hint}.`, { status });
}

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Asked {
  path: string;
  headers: IncomingHttpHeaders;
  model: string;
  input: string[];
}

/** An OpenAI-compatible endpoint on loopback, whose model knows a few synonyms. */
export interface FakeEndpoint {
  url: string;
  asked: Asked[];
  /** What the next requests are answered with instead; `undefined` answers as usual. */
  refuse: ((asked: Asked) => { status: number; headers?: Record<string, string>; body?: string } | undefined) | undefined;
  dims: number;
  close(): Promise<void>;
}

const synonyms = [
  ['car', 'automobile', 'vehicle'],
  ['rollback', 'revert', 'undo'],
  ['slow', 'latency', 'sluggish'],
];

/** A direction for each word, the same for synonyms; a text is the sum of its words. */
export function fakeVector(text: string, dims: number): number[] {
  const vector = Array.from({ length: dims }, () => 0.001);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const meaning = synonyms.find((words) => words.includes(word))?.[0] ?? word;
    let hash = 7;
    for (const character of meaning) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
    vector[hash % dims]! += 1;
  }
  return vector;
}

export async function fakeEndpoint(dims = 512): Promise<FakeEndpoint> {
  const endpoint: FakeEndpoint = { url: '', asked: [], refuse: undefined, dims, close: () => Promise.resolve() };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const { model, input } = JSON.parse(body) as { model: string; input: string[] };
    const asked = { path: request.url!, headers: request.headers, model, input };
    endpoint.asked.push(asked);
    const refusal = endpoint.refuse?.(asked);
    if (refusal) return response.writeHead(refusal.status, refusal.headers).end(refusal.body);
    const data = input.map((text, index) => ({ object: 'embedding', index, embedding: fakeVector(text, endpoint.dims) }));
    // Servers need not keep the order.
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ object: 'list', data: data.toReversed() }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  endpoint.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return endpoint;
}

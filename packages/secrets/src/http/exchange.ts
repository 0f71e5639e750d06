import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { SupervisorError } from '@supervisor/core';

/** Connects to exactly this address; the certificate must be that of `servername`. */
export type Connect = (to: { address: string; port: number; servername: string; signal: AbortSignal }) => TLSSocket;

export interface Message {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: Buffer;
  /** There was more. */
  cut: boolean;
}

export const connectPublic: Connect = ({ address, port, servername }) =>
  // Whatever the environment says about certificates.
  connectTls({ host: address, port, servername, ALPNProtocols: ['http/1.1'], minVersion: 'TLSv1.2', rejectUnauthorized: true });

/** One request on a connection of its own. A redirect is an answer like any other. */
export async function exchange(socket: TLSSocket, message: Message, options: { signal: AbortSignal; largest: number }): Promise<Reply> {
  const { method, path, headers, body } = message;
  const { signal, largest } = options;
  const sending = request({ createConnection: () => socket, method, path, headers, signal });
  // The first error is thrown; what comes after it is about a connection that is given up.
  sending.on('error', () => {});
  sending.end(body);
  const [response] = (await once(sending, 'response', { signal })) as [IncomingMessage];
  const received = await readUpTo(response, largest);
  const { bytes, cut } = unpack(received, response.headers['content-encoding'], largest);
  return { status: response.statusCode!, headers: response.headers, body: bytes, cut };
}

interface Received {
  bytes: Buffer;
  cut: boolean;
}

async function readUpTo(response: IncomingMessage, largest: number): Promise<Received> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largest) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, largest), cut: size > largest };
}

// Nobody asked for it packed; some servers do so anyway, and a value inside could not be seen.
function unpack({ bytes, cut }: Received, encoding: string | undefined, largest: number): Received {
  const packed = (encoding ?? 'identity').trim().toLowerCase();
  if (packed === 'identity' || packed === '') return { bytes, cut };
  const unpackers: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer> = {
    gzip: gunzipSync,
    'x-gzip': gunzipSync,
    deflate: inflateSync,
    br: brotliDecompressSync,
  };
  try {
    if (cut) throw new Error('incomplete');
    return { bytes: unpackers[packed]!(bytes, { maxOutputLength: largest }), cut: false };
  } catch {
    throw new SupervisorError('unavailable', 'The answer is packed in a way that cannot be checked for secrets, so it is not shown.');
  }
}

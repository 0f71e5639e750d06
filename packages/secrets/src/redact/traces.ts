import { beginningOf, encodings } from './encodings.js';
import { partsOf } from './redactor.js';
import type { SipHash } from './siphash.js';

/**
 * A trace is the keyed hash of eight bytes of a value as one encoding writes it. Kept beside the sealed value, the traces
 * tell which few secrets a text may hold, so that only those are opened to make sure.
 */
const width = 8;

// What free text may hold. Each row costs every version a trace or more.
const traced = new Set(['raw', 'reversed', 'base64', 'base64url', 'hex', 'url', 'json', 'html', 'shell']);

/** The traces of a value. Of one shorter than eight bytes there are none. */
export function tracesOf(hash: SipHash, value: string): bigint[] {
  const [whole = '', ...lines] = partsOf(value);
  if (Buffer.byteLength(whole) < width) return [];
  const beginning = beginningOf(whole);
  const forms = encodings.filter(({ name }) => traced.has(name)).flatMap((encoding) => encoding.forms(beginning));
  const traces = new Set<bigint>();
  for (const form of [...forms, ...lines]) {
    const bytes = Buffer.from(form as string);
    if (bytes.length >= width) traces.add(hash.hash(bytes, mostTelling(bytes)));
  }
  return [...traces];
}

/** The traces of everything that stands in a text. */
export function tracesIn(hash: SipHash, text: string): Set<bigint> {
  const bytes = Buffer.from(text);
  const traces = new Set<bigint>();
  for (let at = 0; at + width <= bytes.length; at++) traces.add(hash.hash(bytes, at));
  return traces;
}

// Where the window begins that tells most: letters and digits, which escapes leave alone, and many different ones. The
// last such: providers begin all their keys alike.
function mostTelling(bytes: Buffer): number {
  const counts = new Uint8Array(256);
  let [best, most, different, plain] = [0, -1, 0, 0];
  for (const [at, byte] of bytes.entries()) {
    if (counts[byte]!++ === 0) different += 1;
    if (isPlain(byte)) plain += 1;
    if (at < width - 1) continue;
    const score = different + 2 * plain;
    const start = at - width + 1;
    if (score >= most) [best, most] = [start, score];
    if (--counts[bytes[start]!]! === 0) different -= 1;
    if (isPlain(bytes[start]!)) plain -= 1;
  }
  return best;
}

function isPlain(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}

/**
 * SipHash-2-4 (Aumasson and Bernstein 2012) of eight bytes: a keyed hash made for many short inputs. An HMAC of each
 * window of a text would take thirty times as long.
 */
export class SipHash {
  /** v0 to v3 before the first block, each as two halves, the high one first: numbers of 64 bits are slow in one piece. */
  readonly #start: Int32Array;
  readonly #state = new Int32Array(8);

  /** @param key 16 bytes or more, of which the first 16 count */
  constructor(key: Buffer) {
    const [k0, k1] = [
      [key.readInt32LE(4), key.readInt32LE(0)],
      [key.readInt32LE(12), key.readInt32LE(8)],
    ] as const;
    // "somepseudorandomlygeneratedbytes"
    const words = [0x736f6d65, 0x70736575, 0x646f7261, 0x6e646f6d, 0x6c796765, 0x6e657261, 0x74656462, 0x79746573];
    this.#start = Int32Array.from(words, (word, index) => word ^ [...k0, ...k1][index % 4]!);
  }

  /** Of the eight bytes at `at`, as PostgreSQL's bigint has it. */
  hash(bytes: Uint8Array, at: number): bigint {
    const v = this.#state;
    v.set(this.#start);
    absorb(v, half(bytes, at + 4), half(bytes, at));
    // The last block is the length.
    absorb(v, 0x08000000, 0);
    v[5]! ^= 0xff;
    for (let round = 0; round < 4; round++) mix(v);
    const high = BigInt(v[0]! ^ v[2]! ^ v[4]! ^ v[6]!);
    return (high << 32n) | BigInt((v[1]! ^ v[3]! ^ v[5]! ^ v[7]!) >>> 0);
  }
}

function half(bytes: Uint8Array, from: number): number {
  return bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24);
}

function absorb(v: Int32Array, high: number, low: number): void {
  v[6]! ^= high;
  v[7]! ^= low;
  mix(v);
  mix(v);
  v[0]! ^= high;
  v[1]! ^= low;
}

// One SipRound; v0 is v[0] and v[1], v1 is v[2] and v[3], and so on.
function mix(v: Int32Array): void {
  add(v, 0, 2);
  rotate(v, 2, 13);
  v[2]! ^= v[0]!;
  v[3]! ^= v[1]!;
  swap(v, 0);
  add(v, 4, 6);
  rotate(v, 6, 16);
  v[6]! ^= v[4]!;
  v[7]! ^= v[5]!;
  add(v, 0, 6);
  rotate(v, 6, 21);
  v[6]! ^= v[0]!;
  v[7]! ^= v[1]!;
  add(v, 4, 2);
  rotate(v, 2, 17);
  v[2]! ^= v[4]!;
  v[3]! ^= v[5]!;
  swap(v, 4);
}

function add(v: Int32Array, to: number, from: number): void {
  const low = (v[to + 1]! >>> 0) + (v[from + 1]! >>> 0);
  v[to] = (v[to]! + v[from]! + (low > 0xffffffff ? 1 : 0)) | 0;
  v[to + 1] = low | 0;
}

function rotate(v: Int32Array, at: number, bits: number): void {
  const [high, low] = [v[at]!, v[at + 1]!];
  v[at] = (high << bits) | (low >>> (32 - bits));
  v[at + 1] = (low << bits) | (high >>> (32 - bits));
}

// A rotation by 32.
function swap(v: Int32Array, at: number): void {
  const high = v[at]!;
  v[at] = v[at + 1]!;
  v[at + 1] = high;
}

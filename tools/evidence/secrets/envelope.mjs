import { createHash, webcrypto } from 'node:crypto';
import { open, overhead, seal } from '../../../packages/secrets/dist/envelope.js';
import { parseKey } from '@supervisor/secrets';
import { randomFrom } from '../harness.mjs';
import { checkVectors } from './vectors.mjs';

const master = 'facade'.repeat(10) + '0001';
const key = parseKey(master);
const bindingOf = (index, version = 1, exposure = 'reveal') => ({
  secretId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
  path: `shop/p${index}/key`,
  version,
  exposure,
});

/** The envelope format: published vectors, a second implementation, and everything that must be refused. */
export const envelope = {
  name: 'envelope',
  goal: 'vectors agree, another implementation opens it; every cut tag, flipped bit, truncation, swap and fuzzed envelope refused with a typed error',
  sizes: { secrets: 100, fuzzed: 1_000_000 },
  async run(stage, { seed, sizes }) {
    const vectors = checkVectors();
    const problems = [...vectors.problems, ...(await checkAgainstSecond())];
    const refused = { damaged: 0, swapped: 0, fuzzed: 0 };
    const mustRefuse = (kind, sealed, binding, what) => {
      try {
        open([key], sealed, binding);
        problems.push(`accepted: ${what()}`);
      } catch (error) {
        if (error.name !== 'SupervisorError' || !['wrong_key', 'conflict'].includes(error.code)) problems.push(`${what()}: ${error}`);
        else refused[kind]++;
      }
    };
    const tags = cutTags(mustRefuse);
    damage(mustRefuse);
    swap(sizes.secrets, mustRefuse);
    fuzz(stage, seed, sizes.fuzzed, mustRefuse);
    if (refused.damaged < 14_000) problems.push(`only ${refused.damaged} damaged envelopes`);
    return {
      holds: problems.length === 0,
      figure: `${vectors.count} vectors; refused: ${tags} cut tags, ${refused.damaged} damaged, ${refused.swapped} swapped, ${refused.fuzzed} fuzzed; ${problems.length} accepted or untyped`,
      problems,
    };
  },
};

// The format read again from its description, with Web Crypto instead of node:crypto.
async function checkAgainstSecond() {
  const binding = bindingOf(1, 7, 'use');
  const value = Buffer.from('a value to be opened elsewhere');
  const sealed = seal(key, value, binding);
  const { subtle } = webcrypto;
  const base = await subtle.importKey('raw', Buffer.from(master, 'hex'), 'HKDF', false, ['deriveKey']);
  const info = Buffer.from('supervisor/kek/v1');
  const wrapping = await subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: Buffer.alloc(0), info },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['decrypt'],
  );
  const parts = (...list) => Buffer.concat(list.flatMap((part) => [lengthOf(Buffer.from(part)), Buffer.from(part)]));
  const gcm = (key, from, to, additionalData) =>
    subtle.decrypt(
      { name: 'AES-GCM', iv: sealed.subarray(from, from + 12), additionalData, tagLength: 128 },
      key,
      sealed.subarray(from + 12, to),
    );
  const raw = await gcm(wrapping, 10, 70, parts(sealed.subarray(2, 10), binding.secretId, '7'));
  const dataKey = await subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
  const opened = Buffer.from(await gcm(dataKey, 70, sealed.length, parts(binding.secretId, binding.path, '7', 'use')));
  return opened.equals(value) ? [] : ['the second implementation opened something else'];
}

function lengthOf(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

// A tag of 4 to 15 bytes, of the wrapped key and of the value.
function cutTags(mustRefuse) {
  const binding = bindingOf(1);
  const sealed = seal(key, Buffer.alloc(64, 1), binding);
  let count = 0;
  for (let bytes = 4; bytes <= 15; bytes++) {
    const cut = 16 - bytes;
    mustRefuse('damaged', sealed.subarray(0, sealed.length - cut), binding, () => `a value tag of ${bytes} bytes`);
    mustRefuse(
      'damaged',
      Buffer.concat([sealed.subarray(0, 70 - cut), sealed.subarray(70)]),
      binding,
      () => `a wrap tag of ${bytes} bytes`,
    );
    count += 2;
  }
  return count;
}

function damage(mustRefuse) {
  for (const size of [1, 16, 64, 256, 1024]) {
    const binding = bindingOf(size);
    const sealed = seal(key, Buffer.alloc(size, 7), binding);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      sealed[bit >> 3] ^= 1 << (bit & 7);
      mustRefuse('damaged', sealed, binding, () => `bit ${bit} flipped at ${size} bytes`);
      sealed[bit >> 3] ^= 1 << (bit & 7);
    }
    for (let length = 0; length < sealed.length; length++)
      mustRefuse('damaged', sealed.subarray(0, length), binding, () => `cut to ${length} of ${size + overhead} bytes`);
  }
}

function swap(secrets, mustRefuse) {
  const bindings = Array.from({ length: secrets }, (_, index) => index).flatMap((index) =>
    [1, 2].flatMap((version) => ['reveal', 'use'].map((exposure) => bindingOf(index, version, exposure))),
  );
  const sealed = bindings.map((binding) => seal(key, createHash('sha256').update(JSON.stringify(binding)).digest(), binding));
  sealed.forEach((envelope, from) =>
    bindings.forEach((binding, to) => {
      if (from !== to) mustRefuse('swapped', envelope, binding, () => `envelope ${from} in the place of ${to}`);
    }),
  );
}

function fuzz(stage, seed, count, mustRefuse) {
  const random = randomFrom(seed);
  const below = (limit) => Math.floor(random() * limit);
  const binding = bindingOf(3);
  const originals = [1, 40, 300].map((size) => seal(key, Buffer.alloc(size, 3), binding));
  for (let index = 0; index < count; index++) {
    const original = originals[index % originals.length];
    const mutated = mutate(original, random, below);
    if (mutated.equals(original)) mutated[below(mutated.length)] ^= 1;
    mustRefuse('fuzzed', mutated, binding, () => `fuzzed envelope ${index}`);
    if (index % 50_000 === 0) stage.progress(`${index} of ${count} fuzzed`);
  }
}

function mutate(original, random, below) {
  const bytes = () => Buffer.from(Array.from({ length: below(200) }, () => below(256)));
  const copy = Buffer.from(original);
  switch (below(6)) {
    case 0:
      return bytes();
    case 1: // The right header and key, then anything.
      return Buffer.concat([copy.subarray(0, 10), bytes()]);
    case 2: {
      const at = below(copy.length);
      return Buffer.concat([copy.subarray(0, at), bytes(), copy.subarray(at)]);
    }
    case 3: {
      const at = below(copy.length);
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + below(40))]);
    }
    case 4: {
      copy.copyWithin(below(copy.length), below(copy.length));
      return copy;
    }
    default:
      for (let times = 1 + below(8); times > 0; times--) copy[below(copy.length)] = below(256);
      return copy;
  }
}

// Streams that hold no secret, made from a seed.

const words = 'request answered connection opened closed retry cache miss hit worker queue job started finished user session port'.split(
  ' ',
);
const letters = [...'aé漢🙂ß€ñ '];
const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const pick = (random, list) => list[Math.floor(random() * list.length)];

/** What a service logs: times, words, numbers, identifiers, paths. */
export function logText(random, bytes) {
  const hex = (count) => Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('');
  return fill(bytes, () => {
    const at = new Date(1.77e12 + random() * 1e10).toISOString();
    const text = Array.from({ length: 4 + Math.floor(random() * 8) }, () => pick(random, words)).join(' ');
    const path = `/api/v1/${pick(random, words)}/${Math.floor(random() * 1e6)}`;
    return `${at} ${pick(random, ['INFO', 'DEBUG', 'WARN'])} [http] ${text} method=GET path=${path} status=200 ms=${Math.floor(random() * 900)} id=${hex(8)}-${hex(4)}-${hex(4)}-${hex(12)}\n`;
  });
}

export function base64Text(random, bytes) {
  return fill(bytes, () => `${Array.from({ length: 76 }, () => pick(random, base64)).join('')}\n`);
}

export function randomBytesFrom(random, bytes) {
  const all = Buffer.allocUnsafe(bytes);
  for (let index = 0; index < bytes; index++) all[index] = random() * 256;
  return all;
}

export const cleanKinds = {
  log: logText,
  base64: base64Text,
  random: randomBytesFrom,
  'UTF-8': (random, bytes) => fill(bytes, () => Array.from({ length: 200 }, () => pick(random, letters)).join('')),
  binary: (random, bytes) => fill(bytes, () => Buffer.of(0, 0xff, 0xfe, random() * 4, 10, 13, 27, 91).toString('latin1'), 'latin1'),
};

function fill(bytes, next, encoding = 'utf8') {
  const pieces = [];
  for (let size = 0; size < bytes; size += pieces.at(-1).length) pieces.push(Buffer.from(next(), encoding));
  // Not at the end of a letter: a stream may end anywhere.
  return Buffer.concat(pieces).subarray(0, bytes);
}

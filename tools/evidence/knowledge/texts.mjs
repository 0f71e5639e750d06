import { randomFrom } from '../harness.mjs';

const words = 60_000;

/** Texts whose words are as unevenly frequent as those of a language, always the same for a seed. */
export function textMaker(seed) {
  const random = randomFrom(seed);
  const word = () => `w${Math.floor(Math.exp(random() * Math.log(words))).toString(36)}x`;
  return (length) => Array.from({ length }, word).join(' ');
}

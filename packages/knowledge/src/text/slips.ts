import { stem, type Language } from './stem.js';
import { namesIn } from './terms.js';
import { wordsOf } from './identifier.js';

// Of shorter words too many are one letter away. Longer ones nobody writes, and a question that is all unknown words is no slip.
const someLetters = /^[\p{L}\p{M}]{5,40}$/u;
const mostWords = 8;
const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/** The terms that were meant where each word of a question has a slip: a letter too few, too many or wrong, two exchanged, ss for ß. */
export function slipTerms(question: string, language: Language): Map<string, number> {
  const words = new Set(namesIn(question).flatMap((name) => wordsOf(name).map((word) => word.toLowerCase())));
  const fitting = [...words].filter((word) => someLetters.test(word)).slice(0, mostWords);
  return new Map(fitting.flatMap((word) => slipsOf(word).map((meant): [string, number] => [stem(meant, language), 1])));
}

function slipsOf(word: string): string[] {
  const found = [word.replaceAll('ss', 'ß'), word.replaceAll('ß', 'ss')];
  for (let place = 0; place <= word.length; place++) {
    const [before, at, after] = [word.slice(0, place), word.slice(place, place + 1), word.slice(place + 1)];
    found.push(before + after, before + after.slice(0, 1) + at + after.slice(1));
    for (const letter of letters) found.push(before + letter + after, before + letter + at + after);
  }
  return found;
}

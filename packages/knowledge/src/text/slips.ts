import { setImmediate as breathe } from 'node:timers/promises';
import { wordsOf } from './identifier.js';
import { stem, type Language } from './stem.js';
import { isStopWord } from './stop-words.js';
import { tellingNames } from './terms.js';

// Of shorter words too many are one letter away. Of a longer one there are too many slips, and a question of many unknown words is none.
const someLetters = /^[\p{L}\p{M}]{5,24}$/u;
const mostWords = 4;
const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/**
 * The terms that were meant where each word of a question has a slip: a letter too few, too many or wrong, two exchanged, ss for ß.
 * @param most of terms: a word has all of its slips, or none
 */
export async function slipTerms(question: string, language: Language, most = Infinity): Promise<string[]> {
  const words = new Set(tellingNames(question, language).flatMap((name) => wordsOf(name).map((word) => word.toLowerCase())));
  const found = new Set<string>();
  for (const word of [...words].filter((one) => someLetters.test(one)).slice(0, mostWords)) {
    const slips = [...slipsOf(word)];
    const fillers = new Set(slips.filter((slip) => isStopWord(slip, language)).map((slip) => stem(slip, language)));
    const terms = new Set([...found, ...slips.map((slip) => stem(slip, language)).filter((term) => !fillers.has(term))]);
    if (terms.size > most) break;
    for (const term of terms) found.add(term);
    // Some hundred stems are some ten ms.
    await breathe();
  }
  return [...found];
}

function slipsOf(word: string): Set<string> {
  const found = new Set([word.replaceAll('ss', 'ß'), word.replaceAll('ß', 'ss')]);
  for (let place = 0; place <= word.length; place++) {
    const [before, at, after] = [word.slice(0, place), word.slice(place, place + 1), word.slice(place + 1)];
    found.add(before + after).add(before + after.slice(0, 1) + at + after.slice(1));
    for (const letter of letters) found.add(before + letter + after).add(before + letter + at + after);
  }
  found.delete(word);
  return found;
}

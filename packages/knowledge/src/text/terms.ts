import { wholesOf, wordsOf } from './identifier.js';
import { stem, type Language } from './stem.js';
import { isStopWord } from './stop-words.js';

/** What a text is found by: how often it has each term, and how many words it is long. */
export interface Terms {
  counts: Map<string, number>;
  length: number;
}

// A word, or a name made of words: letters and digits with single joiners between them.
const names = /[\p{L}\p{N}\p{M}]+(?:[-._/\\:@+#'’]{1,2}[\p{L}\p{N}\p{M}]+|_+[\p{L}\p{N}\p{M}]+)*(?:\+\+|#)?/gu;
// Scripts that put no space between words: two neighbouring characters stand for a word.
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+/u;

/** The terms of a text: the stems of its words, and besides them every compound name as a whole. */
export function termsOf(text: string, language: Language): Terms {
  const counts = new Map<string, number>();
  let length = 0;
  const add = (term: string) => counts.set(term, (counts.get(term) ?? 0) + 1);
  for (const name of namesIn(text)) {
    for (const whole of wholesOf(name)) add(whole);
    for (const word of wordsOf(name)) {
      for (const term of wordTerms(word.toLowerCase(), language)) {
        add(term);
        length++;
      }
    }
  }
  return { counts, length };
}

/** The terms of a question: as `termsOf`, but without the words that say nothing, unless there is nothing else. */
export function queryTerms(text: string, language: Language): Map<string, number> {
  const telling = tellingNames(text, language);
  return termsOf((telling.length > 0 ? telling : namesIn(text)).join(' '), language).counts;
}

/** The words of a text that say something, and the names made of words, as they stand. */
export function tellingNames(text: string, language: Language): string[] {
  return namesIn(text).filter((name) => !isStopWord(name.toLowerCase(), language));
}

function namesIn(text: string): string[] {
  // "user's" is the user, "don't" one word.
  const plain = text
    .normalize('NFKC')
    .replace(/(?<=\p{L})['’]s\b/gu, '')
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, '');
  return plain.match(names) ?? [];
}

function wordTerms(word: string, language: Language): string[] {
  if (unspaced.test(word)) return pairs(word);
  return [/^[\p{L}\p{M}]{3,}$/u.test(word) ? stem(word, language) : word];
}

function pairs(word: string): string[] {
  const characters = [...word];
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => characters[index]! + character);
}

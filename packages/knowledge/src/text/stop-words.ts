import type { Language } from './stem.js';

const english = new Set(
  `a about after again all also am an and any are as at be because been before being between both but by can could did do does doing
  down during each few for from further had has have having he her here hers herself him himself his how i if in into is it its itself
  just me more most my myself no nor not now of off on once only or other our ours ourselves out over own same she should so some such
  than that the their theirs them themselves then there these they this those through to too under until up us very was we were what
  when where which while who whom why will with would you your yours yourself yourselves`.split(/\s+/),
);

/** Words that say nothing of what is asked: a question is full of them, and where texts rarely have one it would weigh most. */
export function isStopWord(word: string, language: Language): boolean {
  return language === 'english' && english.has(word);
}

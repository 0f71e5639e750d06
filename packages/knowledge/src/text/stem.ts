import snowball from 'snowball-stemmers';

/** The languages whose words can be brought to their stem; `none` leaves every word as it is. */
export const languages = [
  'arabic',
  'catalan',
  'czech',
  'danish',
  'dutch',
  'english',
  'finnish',
  'french',
  'german',
  'hungarian',
  'irish',
  'italian',
  'none',
  'norwegian',
  'portuguese',
  'romanian',
  'russian',
  'spanish',
  'swedish',
  'tamil',
  'turkish',
] as const;

export type Language = (typeof languages)[number];

export function isLanguage(name: string): name is Language {
  return (languages as readonly string[]).includes(name);
}

// A text's words repeat: a look-up costs a hundredth of the algorithm. Started anew when full, so that it stays small.
const mostRemembered = 50_000;
const stemmers = new Map<Language, (word: string) => string>();

/** The Snowball stem of a lower-case word, without accents. */
export function stem(word: string, language: Language): string {
  let stemmer = stemmers.get(language);
  if (!stemmer) stemmers.set(language, (stemmer = makeStemmer(language)));
  return stemmer(word);
}

function makeStemmer(language: Language): (word: string) => string {
  if (language === 'none') return withoutAccents;
  const algorithm = snowball.newStemmer(language);
  let remembered = new Map<string, string>();
  return (word) => {
    let known = remembered.get(word);
    if (known === undefined) {
      if (remembered.size >= mostRemembered) remembered = new Map();
      known = withoutAccents(algorithm.stem(word));
      remembered.set(word, known);
    }
    return known;
  };
}

// After stemming: the algorithms of most languages look at the accents.
function withoutAccents(word: string): string {
  return /^[\x00-\x7f]*$/.test(word)
    ? word
    : word
        .normalize('NFKD')
        .replace(/\p{M}+/gu, '')
        .normalize('NFC');
}

import { expect, test } from '@jest/globals';
import { termId } from './term-id.js';
import { queryTerms, termsOf } from './terms.js';

const terms = (text: string, language: Parameters<typeof termsOf>[1] = 'english') => [...termsOf(text, language).counts.keys()];

test.each([
  ['getUserById', ['getuserbyid', 'get', 'user', 'by', 'id']],
  ['postgresql-15', ['postgresql-15', 'postgresql', '15']],
  ['parseHTTPHeader2', ['parsehttpheader2', 'pars', 'http', 'header', '2']],
  ['src/auth/token.service.ts', ['src/auth/token.service.ts', 'token.service.ts', 'src', 'auth', 'token', 'servic', 'ts']],
  ['MAX_RETRY_COUNT', ['max_retry_count', 'max', 'retri', 'count']],
  ['sha256 v2 C++', ['sha256', 'sha', '256', 'v2', 'c++', 'c']],
  ["the user's cookies don't expire", ['the', 'user', 'cooki', 'dont', 'expir']],
  ['Deployed. Deployments deploy!', ['deploy']],
])('%s is found by its words and as a whole', (text, expected) => {
  expect(terms(text)).toEqual(expected);
});

test('words are those of the language, in any script', () => {
  expect(terms('Häuser', 'german')).toEqual(terms('Haus', 'german'));
  expect(terms('cafés', 'french')).toEqual(['caf']);
  expect(terms('running', 'none')).toEqual(['running']);
  expect(terms('東京都の')).toEqual(['東京', '京都', '都の']);
  expect(terms('ｆｕｌｌ ﬁle')).toEqual(['full', 'file']);
  expect(terms('…!? 🙂')).toEqual([]);
});

test('a word counts as often as it is there; a compound name does not lengthen a text', () => {
  const { counts, length } = termsOf('retry the retry of fetchUser', 'english');
  expect(counts.get('retri')).toBe(2);
  expect(length).toBe(6);
});

test('a question is asked without its filler, unless it has nothing else', () => {
  expect([...queryTerms('What did we do about the flaky test?', 'english').keys()]).toEqual(['flaki', 'test']);
  expect(queryTerms('to be or not to be', 'english').size).toBe(4);
  expect(queryTerms('retry retry later', 'english').get('retri')).toBe(2);
});

test('a term has a number that JSON and int8 both hold, and others have other ones', () => {
  const ids = new Set(Array.from({ length: 200_000 }, (_, index) => termId(`term${index}`)));
  expect(ids.size).toBe(200_000);
  for (const id of ids) if (!Number.isSafeInteger(id) || id < 0) throw new Error(`${id}`);
  expect(termId('postgresql-15')).toBe(termId(['postgresql', '15'].join('-')));
});

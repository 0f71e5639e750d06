import type { Orm } from '@supervisor/db';
import { learnedKinds, type Caller } from '../entry.js';
import { chunkTerms } from '../lexical/document-terms.js';
import { queryTerms } from '../text/terms.js';
import { languageOf } from '../store/drafts.js';
import { search, type Hit } from './search.js';

const looked = 20;
// One word in common is chance.
const fewestCommon = 2;

/** What was learned about a piece of work: current entries that share at least two telling words with it, one chunk of each. */
export async function related(orm: Orm, work: string, most: number, caller: Caller, now: Date): Promise<Hit[]> {
  const { results } = await search(orm, work, { kinds: [...learnedKinds], limit: looked }, caller, now);
  const language = caller.project === undefined ? 'english' : await languageOf(orm, caller.project);
  const asked = [...queryTerms(work, language).keys()];
  const fits = (hit: Hit) => {
    const { counts } = chunkTerms(hit, { ...hit, tags: [] }, language);
    return hit.supersededBy === null && asked.filter((term) => counts.has(term)).length >= fewestCommon;
  };
  const seen = new Set<number>();
  return results.filter((hit) => fits(hit) && !seen.has(hit.id) && seen.add(hit.id)).slice(0, most);
}

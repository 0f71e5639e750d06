import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rows, type Database } from '@supervisor/db';
import { testDatabases } from '@supervisor/db/testing';
import { sql } from 'drizzle-orm';
import { KnowledgeBase } from '../knowledge-base.js';
import { searchLexically, type SearchedScope } from './search.js';

describe.each(testDatabases())('on $kind', ({ open }) => {
  let database: Database;
  let scopes: SearchedScope[];
  beforeAll(async () => {
    database = await open();
    const knowledge = new KnowledgeBase({ db: database });
    await knowledge.registerRoot('shop', '/srv/shop');
    // More than one block of chunks; common words in all, a rare one in every seventh.
    const documents = Array.from({ length: 700 }, (_, index) => {
      const words = ['server', index % 2 ? 'database' : 'queue', index % 7 === 0 ? `heron heron`.slice(index % 3 ? 6 : 0) : 'other'];
      return { source: `file${index}`, text: `${words.join(' ')} ${'filler '.repeat(index % 11)}`, format: 'plain' as const };
    });
    await knowledge.ingest('shop', '/srv/shop', documents);
    await knowledge.ingest('shop', '/srv/shop', [{ ...documents[14]!, text: 'server heron changed' }]);
    await knowledge.removeDocuments('shop', '/srv/shop', ['file21']);
    scopes = await rows<SearchedScope>(database.orm, sql`select id, language, chunks, words::int from supervisor.knowledge_scopes`);
  });
  afterAll(() => database.close());

  test('common words score the candidates of the rare ones exactly as if all were read', async () => {
    const question = 'heron server database';
    const all = await searchLexically(database.orm, question, scopes, 1000);
    expect(all.matches).toHaveLength(699);
    const few = await searchLexically(database.orm, question, scopes, 1000, 150);
    expect(few.terms.map(({ term }) => term)).toEqual(['heron', 'databas', 'server']);
    // Only those with the rare word are candidates.
    expect(few.matches).toHaveLength(99);
    const scores = new Map(all.matches.map(({ chunk, score }) => [chunk, score]));
    for (const { chunk, score } of few.matches) expect(score).toBeCloseTo(scores.get(chunk)!, 9);
    expect(few.matches[0]!.score).toBeCloseTo(all.matches[0]!.score, 9);
  });

  test('hits stand in the order of their places, whatever was changed and removed', async () => {
    const unsorted = sql`select 1 from supervisor.knowledge_postings where hits <> array(select hit from unnest(hits) hit order by hit)`;
    expect(await rows(database.orm, unsorted)).toEqual([]);
  });
});

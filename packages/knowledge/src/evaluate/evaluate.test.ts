import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Database } from '@supervisor/db';
import { openEmbeddedForTests } from '@supervisor/db/testing';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KnowledgeBase } from '../knowledge-base.js';
import { interval, pairedInterval } from './bootstrap.js';
import { readCollection } from './collection.js';
import { evaluate } from './evaluate.js';
import { judge } from './metrics.js';

const small = fileURLToPath(new URL('../../collection/', import.meta.url));

let database: Database;
beforeAll(async () => {
  database = await openEmbeddedForTests();
});
afterAll(() => database.close());

test('the measures are those of the books', () => {
  const grades = new Map([
    ['a', 2],
    ['b', 1],
    ['c', 0],
  ]);
  expect(judge(['a', 'b'], grades)).toEqual({ ndcg10: 1, recall10: 1, mrr: 1 });
  const { ndcg10, recall10, mrr } = judge(['c', 'b', 'x'], grades);
  expect(ndcg10).toBeCloseTo(1 / Math.log2(3) / (2 + 1 / Math.log2(3)), 10);
  expect([recall10, mrr]).toEqual([0.5, 0.5]);
  expect(judge([], grades)).toEqual({ ndcg10: 0, recall10: 0, mrr: 0 });
  expect(judge([...'klmnopqrst', 'a'], grades)).toEqual({ ndcg10: 0, recall10: 0, mrr: 1 / 11 });
});

test('an interval holds its mean, narrows with more questions and sees a difference', () => {
  const few = interval([0, 1, 0, 1, 1, 0]);
  const many = interval(Array.from({ length: 600 }, (_, index) => index % 2));
  expect(few.low).toBeLessThan(few.mean);
  expect(many.high - many.low).toBeLessThan(few.high - few.low);
  const theirs = Array.from({ length: 50 }, (_, index) => (index % 7) / 10);
  expect(
    pairedInterval(
      theirs.map((value) => value + 0.05),
      theirs,
    ).low,
  ).toBeGreaterThan(0);
});

test('the small collection is answered well', async () => {
  const collection = await readCollection(small);
  expect(collection.documents.length).toBeGreaterThanOrEqual(60);
  expect(collection.questions.length).toBeGreaterThanOrEqual(40);
  const result = await evaluate(new KnowledgeBase({ db: database }), collection);
  expect(result.documents).toBe(collection.documents.length);
  expect(result.ndcg10.mean).toBeGreaterThan(0.7);
  expect(result.recall10.mean).toBeGreaterThan(0.85);
  expect(result.mrr.mean).toBeGreaterThan(0.65);
});

test('a file that cannot be read is named with its line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-collection-'));
  await expect(readCollection(folder)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('corpus.jsonl') });
  writeFileSync(join(folder, 'corpus.jsonl'), '{"id": 1, "text": "one"}\n{"id": 2}\n');
  writeFileSync(join(folder, 'queries.jsonl'), '{"id": "q", "text": "one?"}\n');
  writeFileSync(join(folder, 'qrels.tsv'), 'query\tdoc\tgrade\nq\t1\t1\n');
  await expect(readCollection(folder)).rejects.toMatchObject({ message: expect.stringContaining('line 2') });
  writeFileSync(join(folder, 'corpus.jsonl'), '{"id": 1, "text": "one"}\n');
  const { grades } = await readCollection(folder);
  expect(grades).toEqual(new Map([['q', new Map([['1', 1]])]]));
});

test('a collection as others publish it is read: no header, four columns, no titles, empty and long documents', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervisor-collection-'));
  const long = Array.from({ length: 300 }, (_, index) => `Sentence ${index} about the weather and the harbour.`).join('\n\n');
  const documents = [
    { id: 'empty', text: '' },
    { id: 'short', text: 'A pelican lives at the harbour.' },
    { id: 'long', title: null, text: `${long}\n\nThe pelican returned to the harbour at dawn.` },
    { id: 'titled', title: 'Herons', text: '' },
  ];
  writeFileSync(join(folder, 'corpus.jsonl'), documents.map((document) => JSON.stringify(document)).join('\n'));
  writeFileSync(
    join(folder, 'queries.jsonl'),
    '{"id": 1, "text": "pelican at dawn"}\n{"id": 2, "text": "herons"}\n{"id": 3, "text": "unjudged"}\n',
  );
  writeFileSync(join(folder, 'qrels.tsv'), '1 0 long 1\n1 0 empty 0\n2 0 titled 1\n');
  const fresh = await openEmbeddedForTests();
  const { questions, ndcg10, each } = await evaluate(new KnowledgeBase({ db: fresh }), await readCollection(folder));
  await fresh.close();
  expect({ questions, ndcg10: ndcg10.mean }).toEqual({ questions: 2, ndcg10: 1 });
  // A document of many chunks is one answer.
  expect(each[0]!.ranking).toEqual(['long', 'short']);
});

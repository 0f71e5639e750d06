import { slugPattern, SupervisorError, toSlug } from '@supervisor/core';
import type { Document } from '../ingest.js';
import type { KnowledgeBase } from '../knowledge-base.js';
import { interval, type Interval } from './bootstrap.js';
import type { Collection, CollectionDocument } from './collection.js';
import { judge, type Quality } from './metrics.js';

export interface Evaluation {
  documents: number;
  /** Those that have at least one right answer. */
  questions: number;
  ndcg10: Interval;
  recall10: Interval;
  mrr: Interval;
  ingestSeconds: number;
  searchMilliseconds: { p50: number; p95: number };
  /** By question, for a paired comparison with another system. */
  each: ({ id: string; ranking: string[] } & Quality)[];
}

export interface EvaluateOptions {
  /** Where questions and documents name no project. */
  project?: string | undefined;
  progress?: ((done: number, total: number, what: string) => void) | undefined;
}

const root = '/evaluation';
const documentsAtOnce = 200;
// A document has several chunks: so many of them hold ten documents.
const hitsForTen = 50;

/** Puts a collection into a knowledge base and asks its questions, all as any caller would. */
export async function evaluate(knowledge: KnowledgeBase, collection: Collection, options: EvaluateOptions = {}): Promise<Evaluation> {
  const progress = options.progress ?? (() => {});
  const project = (named: string | null | undefined) => slugOf(named ?? options.project ?? 'evaluation');
  const started = performance.now();
  await ingestAll(knowledge, collection.documents, project, progress);
  await knowledge.embedMissing();
  const ingestSeconds = (performance.now() - started) / 1000;
  const judged = collection.questions.filter(({ id }) => [...(collection.grades.get(id)?.values() ?? [])].some((grade) => grade > 0));
  if (judged.length === 0) throw new SupervisorError('invalid_input', 'qrels.tsv has no right answer to any question of queries.jsonl.');
  const each: Evaluation['each'] = [];
  const times: number[] = [];
  for (const question of judged) {
    const before = performance.now();
    const filter = question.project ? { projects: [project(question.project)] } : {};
    const { results } = await knowledge.search(question.text, { ...filter, limit: hitsForTen });
    times.push(performance.now() - before);
    const ranking = [...new Set(results.map(({ source }) => source!))].slice(0, 10);
    each.push({ id: question.id, ranking, ...judge(ranking, collection.grades.get(question.id)!) });
    progress(each.length, judged.length, 'questions');
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]! * 10) / 10;
  return {
    documents: collection.documents.length,
    questions: judged.length,
    ndcg10: interval(each.map(({ ndcg10 }) => ndcg10)),
    recall10: interval(each.map(({ recall10 }) => recall10)),
    mrr: interval(each.map(({ mrr }) => mrr)),
    ingestSeconds: Math.round(ingestSeconds * 10) / 10,
    searchMilliseconds: { p50: at(0.5), p95: at(0.95) },
    each,
  };
}

async function ingestAll(
  knowledge: KnowledgeBase,
  documents: readonly CollectionDocument[],
  project: (named: string | null | undefined) => string,
  progress: (done: number, total: number, what: string) => void,
): Promise<void> {
  const byProject = new Map<string, Document[]>();
  for (const { id, title, text, project: named } of documents) {
    const own = byProject.get(project(named)) ?? [];
    byProject.set(project(named), own);
    // What has no title must not be found by its id.
    own.push({ source: id, text: text.trim() === '' ? (title ?? '') : text, title: title ?? '', format: 'plain' });
  }
  let done = 0;
  for (const [name, own] of byProject) {
    await knowledge.registerRoot(name, root);
    for (let start = 0; start < own.length; start += documentsAtOnce) {
      const batch = own.slice(start, start + documentsAtOnce);
      await knowledge.ingest(name, root, batch);
      done += batch.length;
      progress(done, documents.length, 'documents');
    }
  }
}

function slugOf(name: string): string {
  return slugPattern.test(name) ? name : (toSlug(name) ?? 'evaluation');
}

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SupervisorError } from '@supervisor/core';
import { z } from 'zod';

const identifier = z.union([z.string(), z.number()]).transform(String);
const document = z.object({ id: identifier, title: z.string().nullish(), text: z.string(), project: z.string().nullish() });
const question = z.object({ id: identifier, text: z.string(), project: z.string().nullish() });

export type CollectionDocument = z.output<typeof document>;
export type Question = z.output<typeof question>;

/** A retrieval collection: what is searched, what is asked, and which documents answer it how well. */
export interface Collection {
  documents: CollectionDocument[];
  questions: Question[];
  /** By question, then by document. */
  grades: Map<string, Map<string, number>>;
}

/**
 * Reads `corpus.jsonl` {id, title, text, project?}, `queries.jsonl` {id, text, project?} and `qrels.tsv` (question, document, grade; a
 * first line without a number as grade is a header).
 * @throws SupervisorError `invalid_input` with file and line
 */
export async function readCollection(directory: string): Promise<Collection> {
  const documents = await readLines(join(directory, 'corpus.jsonl'), document);
  const questions = await readLines(join(directory, 'queries.jsonl'), question);
  return { documents, questions, grades: await readGrades(join(directory, 'qrels.tsv')) };
}

async function readLines<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
  const found: T[] = [];
  let number = 0;
  for await (const line of createInterface({ input: await open(path), crlfDelay: Infinity })) {
    number++;
    if (line.trim() === '') continue;
    const parsed = schema.safeParse(parseJson(line));
    if (!parsed.success) throw new SupervisorError('invalid_input', `${path}, line ${number}: not JSON with the right fields.`);
    found.push(parsed.data);
  }
  return found;
}

async function open(path: string) {
  const stream = createReadStream(path);
  await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject)).catch(() => {
    throw new SupervisorError('not_found', `There is no ${path}.`);
  });
  return stream;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function readGrades(path: string): Promise<Collection['grades']> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new SupervisorError('not_found', `There is no ${path}.`);
  });
  const grades: Collection['grades'] = new Map();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const fields = line.split(/\s+/).filter(Boolean);
    // TREC's own form has a constant second field.
    const [question, document, grade] = fields.length === 4 ? [fields[0], fields[2], fields[3]] : fields;
    const value = Number(grade);
    if (question === undefined || document === undefined || grade === undefined || Number.isNaN(value)) {
      if (index === 0) continue;
      throw new SupervisorError('invalid_input', `${path}, line ${index + 1}: not question, document and grade.`);
    }
    if (!grades.has(question)) grades.set(question, new Map());
    grades.get(question)!.set(document, value);
  }
  return grades;
}

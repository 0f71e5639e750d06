import { createHash } from 'node:crypto';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { eq } from 'drizzle-orm';
import type { Draft, Redact, Redacted } from '../entry.js';
import { knowledgeLanguages } from '../schema.js';
import { normalize, type Format } from '../split/split.js';
import type { Language } from '../text/stem.js';

/** What a caller gives to be stored, in whatever state it is. */
export interface Given extends Omit<Draft, 'title' | 'hash' | 'tags' | 'format'> {
  title?: string | undefined;
  tags?: string[] | undefined;
  format?: Format | undefined;
}

/**
 * Takes the secrets out of everything a caller wrote; only then anything is hashed or cut.
 * @throws SupervisorError `invalid_input` when nothing is left to store.
 */
export async function draft(redact: Redact, given: Given): Promise<{ draft: Draft; redactions: string[] }> {
  const redactions: string[] = [];
  // A file's title is often its source.
  const cleaned = new Map<string, Promise<Redacted> | Redacted>();
  const clean = async (text: string) => {
    if (!cleaned.has(text)) cleaned.set(text, redact(text));
    const result = await cleaned.get(text)!;
    redactions.push(...result.redactions);
    return result.text;
  };
  const cleanOptional = async (text: string | null | undefined) => (text ? clean(text) : text);
  const text = normalize(await clean(given.text));
  if (text === '') throw new SupervisorError('invalid_input', 'text: there is nothing in it to learn.');
  const title = (await clean(given.title ?? '')).replace(/\s+/g, ' ').trim();
  // A word with a secret in it names nothing any more.
  const isClean = async (word: string) => (await clean(word)) === word;
  const tags: string[] = [];
  for (const tag of new Set(given.tags)) if (await isClean(tag)) tags.push(tag);
  const written: Draft = {
    ...given,
    title,
    text,
    tags,
    format: given.format ?? 'markdown',
    hash: createHash('sha256').update(`${title}\0${text}`).digest('hex'),
    task: given.task && (await isClean(given.task)) ? given.task : null,
    source: await cleanOptional(given.source),
  };
  return { draft: written, redactions: [...new Set(redactions)] };
}

/** The language a project's texts are in. */
export async function languageOf(orm: Orm, project: string): Promise<Language> {
  const [row] = await orm.select().from(knowledgeLanguages).where(eq(knowledgeLanguages.project, project));
  return (row?.language ?? 'english') as Language;
}

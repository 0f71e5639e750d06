import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { eq, sql } from 'drizzle-orm';
import type { Caller, Redact } from '../entry.js';
import { supersede, type LearnOptions } from '../learn.js';
import { withIndex } from '../lexical/write.js';
import { knowledgeEntries } from '../schema.js';
import type { Format } from '../split/split.js';
import { draft, languageOf } from './drafts.js';
import { readEntry } from './read.js';
import { prepare, replaceEntry } from './write.js';

export interface Changes extends Pick<LearnOptions, 'kind' | 'visibility' | 'tags' | 'task' | 'source' | 'supersedes' | 'ttlDays'> {
  text?: string | undefined;
  /** Whether it helped the caller's project. Saying it again changes nothing. */
  useful?: boolean | undefined;
}

/**
 * Changes what is given; the id stays.
 * @returns whether it was more than whether it was useful
 * @throws SupervisorError `not_found`, `forbidden` when it is another project's, `conflict` for the text of an ingested file
 */
export async function changeEntry(orm: Orm, redact: Redact, id: number, changes: Changes, caller: Caller, now: Date): Promise<boolean> {
  const entry = await readEntry(orm, id, caller);
  const { useful, ...others } = changes;
  const changed = Object.values(others).some((value) => value !== undefined);
  if (changed) {
    // What another call changed meanwhile is read anew, so that neither change is lost.
    for (let left = 20; !(await change(orm, redact, id, others, caller, now)); left--)
      if (left === 0) throw new SupervisorError('conflict', `Entry ${id} is changed by others all the time. Try again.`);
  }
  if (useful !== undefined) await rate(orm, id, caller.boundTo ?? caller.project ?? entry.project, useful);
  return changed;
}

/** @returns whether it was the same until then; else nothing was changed */
async function change(orm: Orm, redact: Redact, id: number, changes: Omit<Changes, 'useful'>, caller: Caller, now: Date): Promise<boolean> {
  const entry = await readEntry(orm, id, caller);
  const { boundTo } = caller;
  if (boundTo !== null && boundTo !== entry.project)
    throw new SupervisorError('forbidden', `Entry ${entry.id} is ${entry.project}'s: this caller may only say whether it was useful.`);
  const { supersedes, ttlDays, ...fields } = changes;
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (entry.kind === 'document' && Object.keys(given).length > 0)
    throw new SupervisorError('conflict', `Entry ${entry.id} is a file's: change ${entry.source} and ingest it again.`);
  const language = await languageOf(orm, entry.project);
  const { draft: clean } = await draft(redact, { ...entry, format: entry.format as Format, language, ...given });
  const prepared = await prepare(clean);
  return withIndex(orm, async (tx) => {
    if (JSON.stringify(await readEntry(tx, id, caller)) !== JSON.stringify(entry)) return false;
    if (Object.keys(given).length > 0) await replaceEntry(tx, entry.id, prepared);
    await tx
      .update(knowledgeEntries)
      .set({
        task: clean.task ?? null,
        source: clean.source ?? null,
        ...(ttlDays === undefined ? {} : { expiresAt: expiry(ttlDays, now) }),
      })
      .where(eq(knowledgeEntries.id, entry.id));
    if (supersedes !== undefined) await supersede(tx, supersedes, entry.id, entry.project);
    return true;
  });
}

// A project has one voice: the last one counts.
async function rate(orm: Orm, id: number, project: string, useful: boolean): Promise<void> {
  const without = (column: typeof knowledgeEntries.helped | typeof knowledgeEntries.misled) => sql`array_remove(${column}, ${project})`;
  const added = (column: typeof knowledgeEntries.helped | typeof knowledgeEntries.misled) =>
    sql`array_append(array_remove(${column}, ${project}), ${project})`;
  await orm
    .update(knowledgeEntries)
    .set({
      helped: useful ? added(knowledgeEntries.helped) : without(knowledgeEntries.helped),
      misled: useful ? without(knowledgeEntries.misled) : added(knowledgeEntries.misled),
    })
    .where(eq(knowledgeEntries.id, id));
}

/** When something that lives so many days ends. */
export function expiry(ttlDays: number | undefined, now: Date): string | undefined {
  return ttlDays === undefined ? undefined : new Date(now.getTime() + ttlDays * 86_400_000).toISOString();
}

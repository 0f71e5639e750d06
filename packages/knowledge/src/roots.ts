import { homedir } from 'node:os';
import { isAbsolute, relative, resolve } from 'node:path';
import { SupervisorError } from '@supervisor/core';
import type { Orm } from '@supervisor/db';
import { and, asc, eq } from 'drizzle-orm';
import { knowledgeRoots } from './schema.js';

/** A folder whose files may be ingested into a project. */
export interface Root {
  id: number;
  project: string;
  path: string;
}

/** Repeating it changes nothing. @throws SupervisorError `invalid_input` for the home folder and what contains it */
export async function registerRoot(orm: Orm, project: string, path: string): Promise<Root & { created: boolean }> {
  const folder = resolve(path);
  if (!isAbsolute(path)) throw new SupervisorError('invalid_input', 'path: give the absolute path of the folder.');
  if (!relative(folder, homedir()).startsWith('..'))
    throw new SupervisorError('invalid_input', 'path: this is the home folder, or contains it. Give the folder of one project.');
  const [inserted] = await orm.insert(knowledgeRoots).values({ project, path: folder }).onConflictDoNothing().returning();
  return { ...(inserted ?? (await rootAt(orm, project, folder))), created: inserted !== undefined };
}

export async function listRoots(orm: Orm, project?: string): Promise<Root[]> {
  return orm
    .select()
    .from(knowledgeRoots)
    .where(project === undefined ? undefined : eq(knowledgeRoots.project, project))
    .orderBy(asc(knowledgeRoots.id));
}

/** @throws SupervisorError `not_found`, with how to register a folder */
export async function rootAt(orm: Orm, project: string, path: string): Promise<Root> {
  const [row] = await orm
    .select()
    .from(knowledgeRoots)
    .where(and(eq(knowledgeRoots.project, project), eq(knowledgeRoots.path, path)));
  if (row) return row;
  throw new SupervisorError(
    'not_found',
    `${path} is not a registered root of ${project}. Register it first: supervisor knowledge register-root ${path} --project ${project}`,
  );
}

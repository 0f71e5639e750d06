import type { Orm } from '@supervisor/db';
import { and, eq, inArray, type SQL } from 'drizzle-orm';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Allocation } from './allocation.js';
import { shown } from './queries.js';
import { portAllocations, portWorktrees } from './schema.js';

/** A copy of a project. */
export interface Copy {
  project: string;
  instance: string;
}

/**
 * Whether git has given up a linked worktree, by the folder that it keeps for it in `.git/worktrees`: removed, pruned, or deleted by
 * hand so that git would prune it. Where the repository cannot be seen either, as on a disk that is away, nobody can tell.
 */
export function isGone(folder: string): boolean {
  if (!existsSync(join(folder, '../../HEAD'))) return false;
  if (!existsSync(folder)) return true;
  // `git worktree lock` is for what is not always there.
  if (existsSync(join(folder, 'locked'))) return false;
  try {
    const copy = dirname(resolve(folder, readFileSync(join(folder, 'gitdir'), 'utf8').trim()));
    return !existsSync(copy) && existsSync(dirname(copy));
  } catch {
    return false;
  }
}

/** Remembers where git keeps a copy. Done before its ports are claimed, so that they are not given back at that very moment. */
export async function rememberWorktree(orm: Orm, worktree: Copy & { host: string; folder: string }): Promise<void> {
  // Written also when it is known: this waits for whoever gives its ports back this moment.
  const { project, instance, host, folder } = portWorktrees;
  const target = [project, instance, host, folder];
  await orm
    .insert(portWorktrees)
    .values(worktree)
    .onConflictDoUpdate({ target, set: { folder: worktree.folder } });
}

/** The copies whose worktrees were on this host and are gone. */
export async function findGone(orm: Orm, host: string, project?: string): Promise<Copy[]> {
  return goneOf(await orm.select().from(portWorktrees).where(knownTo(host, project)));
}

/** The ports on this host of a project's copies that are gone. */
export async function portsOfGone(orm: Orm, host: string, project: string): Promise<number[]> {
  const held = await orm
    .select({ port: portAllocations.port })
    .from(portAllocations)
    .where(heldBy(await findGone(orm, host, project), host, project));
  return held.map(({ port }) => port);
}

/** Gives back what a project's copies had on this host that are gone. */
export function releaseGone(orm: Orm, host: string, project: string, ports: number[]): Promise<Allocation[]> {
  return orm.transaction(async (tx) => {
    // Whoever comes back to a copy this moment waits here, and is given a port anew.
    const known = await tx.select().from(portWorktrees).where(knownTo(host, project)).for('update');
    return tx
      .delete(portAllocations)
      .where(and(heldBy(goneOf(known), host, project), inArray(portAllocations.port, ports)))
      .returning(shown);
  });
}

/** For a person: `3101 web (fix), 3102 api (fix)`. */
export function describeFreed(freed: Allocation[]): string {
  const some = freed.slice(0, 5).map(({ port, service, instance }) => `${port} ${service} (${instance})`);
  return `${some.join(', ')}${freed.length > some.length ? `, … (${freed.length})` : ''}`;
}

// A copy with a worktree left in one of its repositories is in use.
function goneOf(known: (Copy & { folder: string })[]): Copy[] {
  const nameOf = ({ project, instance }: Copy) => `${project}/${instance}`;
  const live = new Set(known.filter(({ folder }) => !isGone(folder)).map(nameOf));
  return known.filter((copy) => !live.has(nameOf(copy)));
}

function knownTo(host: string, project: string | undefined): SQL | undefined {
  return and(eq(portWorktrees.host, host), project === undefined ? undefined : eq(portWorktrees.project, project));
}

// Asked for on another host since, they are that one's.
function heldBy(gone: Copy[], host: string, project: string): SQL | undefined {
  const copies = inArray(portAllocations.instance, namesOf(gone));
  return and(eq(portAllocations.host, host), eq(portAllocations.project, project), copies);
}

function namesOf(copies: Copy[]): string[] {
  return copies.map(({ instance }) => instance);
}

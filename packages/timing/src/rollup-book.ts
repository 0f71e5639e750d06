import type { Orm } from '@supervisor/db';
import { and, eq, gt, inArray, sql } from 'drizzle-orm';
import { adaptLevels, initialLevels, learn, type Experience, type Features, type Levels } from './estimate/estimator.js';
import { fewestOutcomes, type Trailing } from './advice.js';
import { Histogram } from './estimate/histogram.js';
import { keyText, rollupKeys, type RollupKey } from './rollup-keys.js';
import { taskRollups } from './schema.js';
import type { Prediction } from './task.js';

type Row = typeof taskRollups.$inferSelect;
type Ended = 'completed' | 'failed' | 'abandoned';

interface Page {
  row: Row;
  experience: Experience;
}

/** The end of a task, as it is counted; or that one which was abandoned is `running` again. */
export interface Ending extends Features {
  status: Ended | 'running';
  endedAt: string;
  durationSeconds: number | null;
  prediction: Prediction | null;
  /** When it was counted as abandoned before. */
  abandonedAt?: string | undefined;
}

const keptOutcomes = 200;

/**
 * Counts endings into the rollups, within the transaction that records them: each once, however many end at the same time.
 * Whoever counts holds the rows of their keys, locked in one order.
 */
export async function countEndings(tx: Orm, endings: readonly Ending[]): Promise<void> {
  const pages = await lockPages(tx, endings.flatMap(keysOfEnding));
  for (const ending of endings) count(pages, ending);
  await save(tx, [...pages.values()]);
}

/** What the rollups know of each key; nothing of one that they do not have. */
export async function readExperiences(
  orm: Orm,
  keys: readonly RollupKey[],
): Promise<{ experiences: Experience[]; all: Row | undefined; ofType: Row | undefined }> {
  const { kind, project, type, agent, model, day } = taskRollups;
  const tuples = keys.map((key) => sql`(${key.kind}, ${key.project}, ${key.type}, ${key.agent}, ${key.model}, ${key.day})`);
  const rows = await orm
    .select()
    .from(taskRollups)
    .where(inArray(sql`(${kind}, ${project}, ${type}, ${agent}, ${model}, ${day})`, tuples));
  const byKey = new Map(rows.map((row) => [keyText(row), row]));
  const [all, ofType] = (['all', 'type'] as const).map((wanted) => rows.find((row) => row.kind === wanted));
  return { experiences: keys.map((key) => experienceOf(byKey.get(keyText(key)))), all, ofType };
}

const mostTypes = 1000;

/** The types of which a project has completed tasks. */
export async function readTypes(orm: Orm, project: string): Promise<string[]> {
  const { kind, project: of, type, completed } = taskRollups;
  const found = await orm
    .select({ type })
    .from(taskRollups)
    .where(and(eq(kind, 'project'), eq(of, project), gt(completed, 0)))
    .limit(mostTypes);
  return found.map((row) => row.type);
}

function keysOfEnding(ending: Ending): RollupKey[] {
  const days = [ending.endedAt, ...(ending.abandonedAt === undefined ? [] : [ending.abandonedAt])];
  return days.flatMap((instant) => rollupKeys(ending, dayOf(instant)));
}

function dayOf(instant: string): string {
  return instant.slice(0, 10);
}

async function lockPages(tx: Orm, keys: readonly RollupKey[]): Promise<Map<string, Page>> {
  const distinct = new Map(keys.map((key) => [keyText(key), key]));
  const ordered = [...distinct].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  const pages = new Map<string, Page>();
  for (const batch of batches(ordered)) {
    // An update that changes nothing: it makes the row, or waits for whoever holds it, and answers with it.
    const rows = await tx
      .insert(taskRollups)
      .values(batch)
      .onConflictDoUpdate({ target: keyColumns(), set: { completed: sql`${taskRollups.completed}` } })
      .returning();
    for (const row of rows) pages.set(keyText(row), { row, experience: experienceOf(row) });
  }
  return pages;
}

function count(pages: ReadonlyMap<string, Page>, ending: Ending): void {
  if (ending.abandonedAt !== undefined) {
    for (const key of rollupKeys(ending, dayOf(ending.abandonedAt))) pages.get(keyText(key))!.row.abandoned--;
  }
  const { status, durationSeconds, prediction } = ending;
  if (status === 'running') return;
  const own = rollupKeys(ending, dayOf(ending.endedAt)).map((key) => pages.get(keyText(key))!);
  for (const { row } of own) row[status]++;
  if (status !== 'completed' || durationSeconds === null) return;
  learn(
    ending,
    durationSeconds,
    own.map(({ experience }) => experience),
  );
  for (const { row } of own) row.totalSeconds += durationSeconds;
  if (!prediction) return;
  const held = prediction.p10 <= durationSeconds && durationSeconds <= prediction.p90;
  for (const { row } of own) {
    if (row.kind === 'all' || row.kind === 'type') row.held = `${row.held ?? ''}${Number(held)}`.slice(-keptOutcomes);
    // Of each type by itself: else many tasks that always take the same would narrow the intervals of all others.
    if (row.kind === 'type') row.levels = adaptLevels(row.levels ?? initialLevels, prediction, durationSeconds);
  }
}

async function save(tx: Orm, pages: readonly Page[]): Promise<void> {
  const columns = ['completed', 'failed', 'abandoned', 'totalSeconds', 'seconds', 'roots', 'ratios', 'levels', 'held'] as const;
  const excluded = (name: (typeof columns)[number]) => sql.raw(`excluded.${taskRollups[name].name}`);
  for (const batch of batches(pages)) {
    await tx
      .insert(taskRollups)
      .values(batch.map(({ row, experience: { seconds, roots, ratios } }) => ({ ...row, ...stored({ seconds, roots, ratios }) })))
      .onConflictDoUpdate({ target: keyColumns(), set: Object.fromEntries(columns.map((name) => [name, excluded(name)])) });
  }
}

function stored({ seconds, roots, ratios }: Experience): Pick<Row, 'seconds' | 'roots' | 'ratios'> {
  return { seconds: seconds.toJSON(), roots: roots.toJSON(), ratios: ratios.toJSON() };
}

function experienceOf(row: Pick<Row, 'seconds' | 'roots' | 'ratios'> | undefined): Experience {
  return { seconds: new Histogram(row?.seconds), roots: new Histogram(row?.roots), ratios: new Histogram(row?.ratios) };
}

function keyColumns() {
  const { kind, project, type, agent, model, day } = taskRollups;
  return [kind, project, type, agent, model, day];
}

// A statement on the embedded database holds up everything else, so each stays small.
function batches<Item>(items: readonly Item[], size = 100): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** The levels to estimate with now. */
export function levelsOf(ofType: Pick<Row, 'levels'> | undefined): Levels {
  return ofType?.levels ?? initialLevels;
}

/** How the last intervals held: of the type, or of all while there are few of it; null before there was one. */
export function trailingCoverage(all: Row | undefined, ofType: Row | undefined): Trailing | null {
  const own = ofType?.held ?? '';
  const type = own.length >= fewestOutcomes ? ofType!.type : null;
  const outcomes = type === null ? (all?.held ?? '') : own;
  return outcomes === '' ? null : { held: outcomes.replaceAll('0', '').length, of: outcomes.length, type };
}

import type { PastTask } from './replay.js';

/** A task as a line of a history says it. */
export interface HistoryTask extends PastTask {
  description: string;
  /** `completed` where the line does not say. */
  status: string;
}

type Line = Record<string, unknown>;

/**
 * Reads a task from a line of JSON: `start`, and `end` or `actualSeconds`; all else may be missing. The names of an export
 * (`startedAt`, `endedAt`, `durationSeconds`, `estimatedSeconds`) are understood too, and `person` for `agent`.
 * @param fallbackId the id where the line has none
 * @throws Error that says what is wrong with it
 */
export function readPastTask(text: string, fallbackId: () => string): HistoryTask {
  const line = parse(text);
  const start = instant(line, 'start', 'startedAt');
  if (start === undefined) throw new Error('start is missing');
  const actual = seconds(line, 'actualSeconds', 'durationSeconds');
  const status = word(line, 'status') ?? 'completed';
  // An export's own: the clock was set back meanwhile.
  if (line['durationSeconds'] === null && status === 'completed' && actual === undefined) throw new Error('how long it took is not known');
  // What still runs, in an export, has neither.
  const worked = actual ?? (status === 'running' ? 0 : undefined);
  const end = instant(line, 'end', 'endedAt') ?? (worked === undefined ? undefined : start + worked * 1000);
  if (end === undefined) throw new Error('end and actualSeconds are both missing');
  if (actual === undefined && end < start) throw new Error('it ends before it starts');
  return {
    id: word(line, 'id') ?? fallbackId(),
    project: word(line, 'project') ?? 'meta',
    type: word(line, 'type') ?? 'task',
    agent: word(line, 'agent', 'person') ?? null,
    model: word(line, 'model') ?? null,
    description: word(line, 'description') ?? '',
    status,
    start,
    // Where the work was counted otherwise, the clock may be off: nothing is known before its start.
    end: Math.max(start, end),
    actualSeconds: actual ?? (end - start) / 1000,
    estimatedSeconds: seconds(line, 'estimateSeconds', 'estimatedSeconds') || null,
  };
}

function parse(text: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is not a JSON object');
  return value as Line;
}

function field(line: Line, names: string[]): { name: string; value: unknown } | undefined {
  const name = names.find((candidate) => line[candidate] !== undefined && line[candidate] !== null && line[candidate] !== '');
  return name === undefined ? undefined : { name, value: line[name] };
}

function word(line: Line, ...names: string[]): string | undefined {
  const found = field(line, names);
  if (!found) return undefined;
  if (typeof found.value !== 'string' && typeof found.value !== 'number') throw new Error(`${found.name} is not a text`);
  return String(found.value);
}

function seconds(line: Line, ...names: string[]): number | undefined {
  const found = field(line, names);
  if (!found) return undefined;
  const value = Number(found.value);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${found.name} is not a number of seconds`);
  return value;
}

/** ISO 8601, or a number: milliseconds since 1970, or seconds where it would otherwise lie before 1973. */
function instant(line: Line, ...names: string[]): number | undefined {
  const found = field(line, names);
  if (!found) return undefined;
  const { name, value } = found;
  const time = typeof value === 'number' ? (Math.abs(value) < 1e11 ? value * 1000 : value) : Date.parse(String(value));
  if (!Number.isFinite(time)) throw new Error(`${name} is not a time`);
  return time;
}

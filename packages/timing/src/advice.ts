import { fewestTasks, type Estimate, type EstimateScope, type Features } from './estimate/estimator.js';

/** What is known before a task of how long it will take; times in seconds, null where nothing is known. */
export interface Advice {
  p10Seconds: number | null;
  p50Seconds: number | null;
  p80Seconds: number | null;
  p90Seconds: number | null;
  /** How many tasks it rests on. */
  count: number;
  /** Whose tasks give at least the half of it: those of this type, project and `agent`; of the `project`; of the `type`; or `all`. */
  level: EstimateScope | null;
  trailing: Trailing | null;
  /** The caller's own estimate, and what such tasks usually took of it (median, 0.3: a third). */
  own: { estimatedSeconds: number; usualRatio: number | null } | null;
  /** All of it for a person. */
  sentence: string;
}

/** How the last 200 intervals from p10 to p90 held, which should be 80 %: those of this type, or of all where it is null. */
export interface Trailing {
  held: number;
  of: number;
  type: string | null;
}

/** A share of fewer outcomes than this says nothing. */
export const fewestOutcomes = 20;

/**
 * @param completed how many tasks have been completed at all
 * @param usualRatio median of actual ÷ estimated, where the caller has an estimate and there is one
 * @param near types of the project whose names come near this one, of which there is nothing
 */
export function adviceOn(
  task: Features,
  estimate: Estimate | null,
  completed: number,
  trailing: Advice['trailing'],
  usualRatio: number | null,
  near: readonly string[] = [],
): Advice {
  const own = task.estimatedSeconds == null ? null : { estimatedSeconds: task.estimatedSeconds, usualRatio };
  if (!estimate) {
    const sentence = `No estimate yet: ${completed} ${completed === 1 ? 'task has' : 'tasks have'} been completed here, and it takes ${fewestTasks}.`;
    return { p10Seconds: null, p50Seconds: null, p80Seconds: null, p90Seconds: null, count: 0, level: null, trailing, own, sentence };
  }
  const { p10, p50, p80, p90, count, scope } = estimate;
  const sentence = [`${span(p10, p90)}, from ${basisText(task, estimate, near)}`, ...trust(trailing), ...correction(own)].join('; ');
  return {
    p10Seconds: p10,
    p50Seconds: p50,
    p80Seconds: p80,
    p90Seconds: p90,
    count,
    level: scope,
    trailing,
    own,
    sentence: `${sentence}.`,
  };
}

/** `18–25 minutes`; `5 minutes` where both ends read the same; `40 seconds to 3 hours` where the short end would read as none. */
export function span(from: number, to: number): string {
  const { size, name } = units.find(({ upTo }) => to < upTo)!;
  if (size > 1 && from > 0 && from < size) return `${span(from, from)} to ${span(to, to)}`;
  const high = rounded(to / size);
  const low = to / size >= 10 ? String(Math.round(from / size)) : rounded(from / size);
  return `${low === high ? high : `${low}–${high}`} ${high === '1' ? name : `${name}s`}`;
}

const units = [
  { upTo: 120, size: 1, name: 'second' },
  { upTo: 7200, size: 60, name: 'minute' },
  { upTo: 172_800, size: 3600, name: 'hour' },
  { upTo: Infinity, size: 86_400, name: 'day' },
];

function rounded(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Number(value.toPrecision(value < 1 ? 1 : 2)));
}

function basisText({ type, project, agent }: Features, { scope, count, ofType }: Estimate, near: readonly string[]): string {
  const meant = near.length > 0 ? ` (did you mean ${near.join(' or ')}?)` : '';
  if (scope === 'all') return `${count} tasks of all types, ${ofType === 0 ? 'none' : ofType} of them ${type}${meant}`;
  const worker = agent == null ? '' : ' by this agent';
  const whose = { agent: ` in ${project}${worker}`, project: ` in ${project}`, type: ' in all projects' }[scope];
  return `${count} similar ${count === 1 ? 'task' : 'tasks'} (${type}${whose})`;
}

function trust(trailing: Advice['trailing']): string[] {
  if (!trailing || trailing.of < fewestOutcomes) return [];
  const { held, of, type } = trailing;
  return [`our 80 % intervals held ${Math.round((100 * held) / of)} % of the last ${of}${type === null ? ' of all types' : ` ${type}`}`];
}

function correction(own: Advice['own']): string[] {
  if (!own || own.usualRatio === null) return [];
  const factor = Number(own.usualRatio.toPrecision(2));
  return [factor === 1 ? 'own estimates are usually right' : `such tasks usually take ${factor} times the own estimate`];
}
